import { createHash } from 'node:crypto';
import { dataError } from '../core/index.ts';

/**
 * The file of a feature cache, a generator or a head: `CREMAADP`, version (u32), length of the head (u32), the head as
 * JSON padded with spaces to 8 bytes, the arrays one after another each padded to 8 bytes, SHA-256 of all that. Little-endian.
 */
const MAGIC = 'CREMAADP';
const VERSION = 1;
const DIGEST = 32;
const PREFIX = 16;

export type ContainerArray = Float32Array | Int32Array | Int8Array;

export interface Container {
  /** `features`, `gaussian`, … */
  readonly kind: string;
  /** Says what the content was computed from; a reader with another key refuses the file. */
  readonly key: string;
  /** Plain figures beside the arrays. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, ContainerArray>>;
}

interface Head {
  readonly kind: string;
  readonly key: string;
  readonly facts: Record<string, unknown>;
  readonly arrays: readonly { readonly name: string; readonly type: ArrayType; readonly length: number }[];
}

const TYPES = { float32: Float32Array, int32: Int32Array, int8: Int8Array } as const;
type ArrayType = keyof typeof TYPES;

const typeOf = (array: ContainerArray): ArrayType =>
  array instanceof Float32Array ? 'float32' : array instanceof Int32Array ? 'int32' : 'int8';
const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** Equal contents give equal bytes. */
export function encodeContainer(content: Container): Uint8Array {
  const entries = Object.entries(content.arrays);
  const head: Head = {
    kind: content.kind,
    key: content.key,
    facts: { ...content.facts },
    arrays: entries.map(([name, array]) => ({ name, type: typeOf(array), length: array.length })),
  };
  const text = Buffer.from(JSON.stringify(head), 'utf8');
  const size = padded(PREFIX + text.length);
  const total = size + entries.reduce((sum, [, a]) => sum + padded(a.byteLength), 0);
  const bytes = Buffer.alloc(total + DIGEST);
  bytes.fill(0x20, PREFIX, size);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeUInt32LE(size - PREFIX, 12);
  bytes.set(text, PREFIX);
  let at = size;
  for (const [, array] of entries) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  bytes.set(sha256(bytes.subarray(0, total)), total);
  return bytes;
}

/** Reads and checks a file. @throws CremaError data: not such a file, damaged, cut off, of another kind, of another net */
export function decodeContainer(bytes: Uint8Array, path: string, wanted: { kind: string; key?: string }): Container {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (what: string) =>
    dataError({
      message: `'${path}' ${what}`,
      expected: `a whole file of kind '${wanted.kind}'`,
      hint: 'remove it: it is made again from the source',
      code: 'adapt-file',
    });
  if (file.length < PREFIX + DIGEST || file.toString('latin1', 0, 8) !== MAGIC) throw damaged('is no feature file');
  const version = file.readUInt32LE(8);
  if (version !== VERSION) throw damaged(`has version ${version}, not ${VERSION}`);
  const total = file.length - DIGEST;
  if (!sha256(file.subarray(0, total)).equals(file.subarray(total))) throw damaged('is damaged or cut off');
  const size = PREFIX + file.readUInt32LE(12);
  const head = JSON.parse(file.toString('utf8', PREFIX, size)) as Head;
  if (head.kind !== wanted.kind) throw damaged(`holds '${head.kind}'`);
  if (wanted.key !== undefined && head.key !== wanted.key) {
    throw dataError({
      message: `'${path}' was made with another net, other weights, another source or another number format`,
      expected: `key ${wanted.key.slice(0, 12)}…; found ${head.key.slice(0, 12)}…`,
      hint: 'features are valid only for the backbone they came from: make them anew',
      code: 'adapt-other-net',
    });
  }
  const arrays: Record<string, ContainerArray> = {};
  let at = size;
  for (const { name, type, length } of head.arrays) {
    const Type = TYPES[type];
    // A copy: views into the file would need its alignment.
    const part = new Uint8Array(file.subarray(at, at + length * Type.BYTES_PER_ELEMENT));
    arrays[name] = new Type(part.buffer, 0, length);
    at += padded(part.byteLength);
  }
  return { kind: head.kind, key: head.key, facts: head.facts, arrays };
}
