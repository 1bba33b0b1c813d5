import { join } from 'node:path';
import { CremaError, inputError } from '../core/index.ts';
import { describePath, firstBytes, openSource, type RecordShape, statOf, withHdf5 } from '../data/index.ts';
import { readXclbin, type XclbinDescription } from '../kernels/index.ts';
import { readBlob, readSolverState, readWeights } from '../proto/index.ts';
import { type InspectedText, type InspectOptions, inspectText } from './inspect-text.ts';
import { readInput } from './nets.ts';

/** An array of a file, by what the file calls it. */
export interface StoredArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elements: number;
}

/** What a file or folder is that holds no text. */
export type InspectedBinary =
  | {
      readonly file: string;
      readonly kind: 'caffemodel' | 'solverstate' | 'blob' | 'hdf5';
      readonly name?: string;
      readonly iteration?: number;
      readonly learned_net?: string;
      readonly current_step?: number;
      readonly arrays: readonly StoredArray[];
      readonly elements: number;
    }
  | ({ readonly file: string; readonly kind: 'xclbin' } & XclbinDescription)
  | {
      readonly file: string;
      readonly kind: 'records';
      readonly store: string;
      readonly records: number;
      readonly shape: RecordShape;
      readonly encoded: boolean;
    };

export type Inspected = InspectedText | InspectedBinary;

export const isText = (inspected: Inspected): inspected is InspectedText => 'parse' in inspected;

/** Says what a file is, by its content; the ending of its name decides between binary messages, which look alike. */
export function inspectFile(file: string, options: InspectOptions): Inspected {
  if (options.kind) return inspectText(readInput(file, options.kind), file, options);
  if (statOf(file)?.isDirectory()) return inspectFolder(file);
  const head = Buffer.from(firstBytes(file, 4096));
  if (head.subarray(0, 8).toString('latin1') === '\x89HDF\r\n\x1a\n') return inspectHdf5(file);
  if (head.subarray(0, 7).toString('latin1') === 'xclbin2') {
    return { file, kind: 'xclbin', ...readXclbin(readInput(file, 'xclbin'), file) };
  }
  if (head.length >= 4 && head.readUInt16BE(0) === 0 && head[2] === 8 && head[3]! > 0 && head[3]! < 5) {
    return inspectRecords(file);
  }
  const read = binaryReader(file, head);
  return read ? read(readInput(file, 'file'), file) : inspectText(readInput(file, 'file'), file, options);
}

type BinaryReader = (bytes: Uint8Array, file: string) => InspectedBinary;

const endings: readonly (readonly [RegExp, BinaryReader])[] = [
  [/\.caffemodel$/, caffemodel],
  [/\.solverstate$/, solverState],
  [/\.binaryproto$/, storedBlob],
];

function binaryReader(file: string, head: Buffer): BinaryReader | undefined {
  const known = endings.find(([ending]) => ending.test(file))?.[1];
  if (known || /\.(prototxt|pbtxt|txt)$/.test(file)) return known;
  // Text has no NUL; a message of any size has one in a length or a float.
  return head.includes(0) ? anyMessage : undefined;
}

/** A binary message under a name that tells nothing: the first kind that it is one of. */
function anyMessage(bytes: Uint8Array, file: string): InspectedBinary {
  for (const [, read] of endings) {
    try {
      const found = read(bytes, file);
      if ('arrays' in found && found.arrays.length > 0) return found;
    } catch (error) {
      if (!(error instanceof CremaError) || error.kind === 'internal') throw error;
    }
  }
  throw inputError({
    message: `${file} is nothing that is known here`,
    expected: 'a prototxt, caffemodel, solverstate, binaryproto, HDF5 file, xclbin, idx file, LMDB or LevelDB folder',
    code: 'unknown-file',
  });
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const total = (arrays: readonly StoredArray[]) => arrays.reduce((sum, a) => sum + a.elements, 0);
const stored = (name: string, shape: readonly number[]): StoredArray => ({ name, shape, elements: count(shape) });

function caffemodel(bytes: Uint8Array, file: string): InspectedBinary {
  const { name, layers } = readWeights(bytes, file);
  const arrays = layers.flatMap((layer) => layer.blobs.map((blob, i) => stored(`${layer.name}[${i}]`, blob.shape)));
  return { file, kind: 'caffemodel', name, arrays, elements: total(arrays) };
}

function solverState(bytes: Uint8Array, file: string): InspectedBinary {
  const { iter, learned_net, current_step, history } = readSolverState(bytes, file);
  const arrays = history.map((blob, i) => stored(`history[${i}]`, blob.shape));
  return { file, kind: 'solverstate', iteration: iter, learned_net, current_step, arrays, elements: total(arrays) };
}

function storedBlob(bytes: Uint8Array, file: string): InspectedBinary {
  const arrays = [stored('blob', readBlob(bytes, file).shape)];
  return { file, kind: 'blob', arrays, elements: total(arrays) };
}

function inspectHdf5(file: string): InspectedBinary {
  const arrays = withHdf5((hdf5) => hdf5.readRaw(file)).map(({ name, shape }) => stored(name, shape));
  return { file, kind: 'hdf5', arrays, elements: total(arrays) };
}

function inspectFolder(file: string): InspectedBinary {
  if (statOf(join(file, 'data.mdb'))) return inspectRecords(file, 'LMDB');
  if (statOf(join(file, 'CURRENT'))) return inspectRecords(file, 'LEVELDB');
  throw inputError({
    message: describePath(file),
    expected: 'a file, an LMDB or a LevelDB folder',
    code: 'unknown-folder',
  });
}

function inspectRecords(file: string, backend: 'LMDB' | 'LEVELDB' = 'LMDB'): InspectedBinary {
  const source = openSource(file, backend);
  try {
    const { kind: store, count: records, shape, encoded } = source;
    return { file, kind: 'records', store, records, shape, encoded };
  } finally {
    source.close();
  }
}
