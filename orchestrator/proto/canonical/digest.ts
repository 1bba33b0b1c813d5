import { decodeString } from '../strings.ts';
import type { Sink } from '../text/sink.ts';
import type { Field, MessageType } from '../types.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { numberText } from './number-text.ts';
import { OpenMessage } from './open-message.ts';

/** Bytes of a message at first. */
const LEAST = 4096;
const QUOTE = 34;
const BACKSLASH = 92;

const single = new Float32Array(1);
const singleBytes = new Uint8Array(single.buffer);
const singleBits = new Uint32Array(single.buffer);
const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

function whole(json: GrowingBytes, value: number | bigint): void {
  if (typeof value === 'number' && value >= 0 && value < 1e9) json.decimal(value);
  else json.ascii(String(value));
}

/**
 * Writes a message in its two canonical forms straight from its values as they are read, without an object for any of them: the binary
 * form (fields in the order of their numbers, packed where the schema says so) and JSON by RFC 8785 (original field names, only
 * fields that are set, enumerations by name, 64-bit integers as strings, keys sorted, no spaces).
 */
export class Digest implements Sink {
  /** The message that is being read, and those around it. */
  private readonly messages: OpenMessage[] = [];
  private depth = 0;
  private current: OpenMessage;
  private keepsJson = true;
  private readonly enumerations = new Map<Field, Map<number, string>>();

  /** `expected`: bytes of the text, if it is one. */
  constructor(type: MessageType, expected = LEAST) {
    // Neither form of a usual text is longer than it by half.
    this.current = new OpenMessage(Math.max(LEAST, Math.ceil(1.5 * expected)));
    this.messages.push(this.current);
    this.current.begin(type);
  }

  /** The binary form, once the message is complete. */
  wire(): Uint8Array {
    const bytes = new GrowingBytes(this.current.wire.length + LEAST);
    this.current.end();
    this.current.appendWire(bytes, false);
    return bytes.view();
  }

  /** The JSON, in UTF-8. */
  json(): Uint8Array {
    const bytes = new GrowingBytes(this.current.json.length + LEAST);
    this.current.end();
    this.current.appendJson(bytes);
    return bytes.view();
  }

  /** From here on the binary form only is written; `json` is not to be asked for. */
  dropJson(): void {
    this.keepsJson = false;
    for (const message of this.messages) message.keepsJson = false;
  }

  open(field: Field): void {
    this.current.value(field.position);
    const depth = ++this.depth;
    if (depth === this.messages.length) this.messages.push(new OpenMessage(LEAST));
    this.current = this.messages[depth]!;
    this.current.keepsJson = this.keepsJson;
    this.current.begin(field.inner);
  }

  close(): void {
    const inner = this.current;
    const outer = this.messages[--this.depth]!;
    inner.end();
    inner.appendWire(outer.wire, true);
    if (this.keepsJson) inner.appendJson(outer.json);
    this.current = outer;
  }

  integer(field: Field, value: number, bits?: bigint): void {
    const { wire, json } = this.current;
    this.current.value(field.position);
    if (bits !== undefined || value < 0) wire.varint64(bits ?? BigInt(value));
    else wire.varint(value);
    if (!this.keepsJson) return;
    if (field.type === 'enum') json.ascii(this.enumText(field, value));
    else if (field.type === 'int64' || field.type === 'uint64') {
      json.byte(QUOTE);
      whole(json, bits ?? value);
      json.byte(QUOTE);
    } else whole(json, value);
  }

  bool(field: Field, value: boolean): void {
    const { wire, json } = this.current;
    this.current.value(field.position);
    wire.byte(value ? 1 : 0);
    if (this.keepsJson) json.ascii(value ? 'true' : 'false');
  }

  real(field: Field, value: number, decimal: number, bits?: bigint): void {
    const { wire, json } = this.current;
    this.current.value(field.position);
    if (field.type === 'float') {
      single[0] = value;
      // A JavaScript NaN has no sign.
      if (bits !== undefined) singleBits[0] = Number(bits);
      wire.append(singleBytes, 0, 4);
    } else {
      double[0] = value;
      wire.append(doubleBytes, 0, 8);
    }
    if (this.keepsJson) json.ascii(numberText(value, field.type === 'float', decimal));
  }

  content(field: Field, bytes: Uint8Array, start: number, end: number): void {
    const { wire, json } = this.current;
    this.current.value(field.position);
    wire.varint(end - start);
    wire.append(bytes, start, end);
    if (!this.keepsJson) return;
    if (field.type === 'bytes') {
      json.ascii(`"${Buffer.from(bytes.subarray(start, end)).toString('base64')}"`);
    } else this.quoted(bytes, start, end);
  }

  /** A string in JSON. */
  private quoted(bytes: Uint8Array, start: number, end: number): void {
    const { json } = this.current;
    json.reserve(end - start + 2);
    const { data } = json;
    let at = json.length;
    data[at++] = QUOTE;
    let i = start;
    for (; i < end; i++) {
      const b = bytes[i]!;
      if (b < 32 || b > 126 || b === QUOTE || b === BACKSLASH) break;
      data[at++] = b;
    }
    if (i === end) {
      data[at++] = QUOTE;
      json.length = at;
      return;
    }
    // Escapes, other scripts, bytes that are no UTF-8.
    const text = Buffer.from(JSON.stringify(decodeString(bytes, start, end)));
    json.append(text, 0, text.length);
  }

  private enumText(field: Field, value: number): string {
    let texts = this.enumerations.get(field);
    if (!texts) {
      texts = new Map([...field.enumeration!.names].map(([number, name]) => [number, `"${name}"`]));
      this.enumerations.set(field, texts);
    }
    return texts.get(value) ?? String(value);
  }
}
