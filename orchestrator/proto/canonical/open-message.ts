import type { MessageType } from '../types.ts';
import { varintSize } from '../wire.ts';
import { type FieldForms, formsOf } from './forms.ts';
import { copy, GrowingBytes } from './growing-bytes.ts';
import { Pieces } from './pieces.ts';

const COMMA = 44;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * A message that is being read, in both forms: its values one behind the other as they come; put in order when it ends. Used anew for the
 * next message of the same depth, so that its memory stays in the processor's cache.
 */
export class OpenMessage {
  readonly wire: GrowingBytes;
  readonly json: GrowingBytes;
  /** Whether the JSON is still wanted. */
  keepsJson = true;
  private type: MessageType | undefined;
  private forms!: FieldForms;
  private readonly pieces = new Pieces();
  private hasPacked = false;

  /** `expected`: bytes that each form may take. */
  constructor(expected: number) {
    this.wire = new GrowingBytes(expected);
    this.json = new GrowingBytes(expected);
  }

  begin(type: MessageType): void {
    // Most messages come in rows of the same type.
    if (this.type !== type) {
      this.type = type;
      this.forms = formsOf(type);
    }
    this.wire.length = 0;
    this.json.length = 0;
    this.pieces.count = 0;
    this.hasPacked = false;
  }

  /** Before a value of the field at `position`: its tag, and what parts it from the value before it. */
  value(position: number): void {
    const { pieces, forms, wire, json } = this;
    if (!pieces.extends(position)) pieces.add(position, wire.length, json.length);
    else if (this.keepsJson) json.byte(COMMA);
    if (forms.packed[position] === 1) this.hasPacked = true;
    else wire.varint(forms.tags[position]!);
  }

  /** The message ends: nothing is added to it any more. */
  end(): void {
    this.pieces.end(this.wire.length, this.json.length);
  }

  /** Appends the binary form, behind its length where `measured`. */
  appendWire(to: GrowingBytes, measured: boolean): void {
    const { pieces, wire, forms, hasPacked } = this;
    if (measured) to.varint(hasPacked ? this.wireSize() : wire.length);
    if (!hasPacked && pieces.inOrder(forms.byNumber)) {
      to.append(wire.data, 0, wire.length);
      return;
    }
    const order = pieces.sorted(forms.byNumber);
    for (let i = 0; i < pieces.count; ) {
      const end = pieces.groupEnd(order, i);
      const position = pieces.positions[order[i]!]!;
      if (forms.packed[position] === 1) {
        to.varint(forms.tags[position]!);
        to.varint(this.packedSize(order, i, end));
      }
      for (; i < end; i++) to.append(wire.data, pieces.wire[order[i]!]!, pieces.wire[order[i]! + 1]!);
    }
  }

  private packedSize(order: Uint32Array, from: number, to: number): number {
    const { wire } = this.pieces;
    let size = 0;
    for (let i = from; i < to; i++) size += wire[order[i]! + 1]! - wire[order[i]!]!;
    return size;
  }

  /** Bytes of the binary form: the values are there, tag and length of each packed field are not. */
  private wireSize(): number {
    const { pieces, forms } = this;
    const order = pieces.sorted(forms.byNumber);
    let size = this.wire.length;
    for (let i = 0; i < pieces.count; ) {
      const end = pieces.groupEnd(order, i);
      const position = pieces.positions[order[i]!]!;
      if (forms.packed[position] === 1)
        size += varintSize(forms.tags[position]!) + varintSize(this.packedSize(order, i, end));
      i = end;
    }
    return size;
  }

  /** Appends the JSON. */
  appendJson(to: GrowingBytes): void {
    const { pieces, json, forms } = this;
    const { count, positions, json: offsets } = pieces;
    // Room for all of it at once, so that the loops below need not ask: each piece may need its key, two brackets and a comma.
    to.reserve(json.length + count * (forms.longestKey + 3) + 2);
    const { data } = to;
    let at = to.length;
    data[at++] = OPEN_OBJECT;
    const order = pieces.sorted(forms.byName);
    for (let i = 0; i < count; ) {
      if (i > 0) data[at++] = COMMA;
      const end = pieces.groupEnd(order, i);
      const position = positions[order[i]!]!;
      at = copy(forms.keys[position]!, 0, forms.keys[position]!.length, data, at);
      for (const first = i; i < end; i++) {
        if (i > first) data[at++] = COMMA;
        at = copy(json.data, offsets[order[i]!]!, offsets[order[i]! + 1]!, data, at);
      }
      if (forms.repeated[position] === 1) data[at++] = CLOSE_LIST;
    }
    data[at++] = CLOSE_OBJECT;
    to.length = at;
  }
}
