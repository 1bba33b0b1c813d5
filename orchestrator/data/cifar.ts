import { join } from 'node:path';
import { dataError } from '../core/index.ts';
import { describePath, namesIn, readFileOf, statOf } from './files.ts';
import { MemorySource } from './memory.ts';

const SHAPE = [3, 32, 32] as const;
const RECORD = 1 + 3072;

/** Files of CIFAR-10's binary version in a folder: five of training or the one of testing. */
function filesOf(folder: string, part: string): string[] {
  const wanted = part === 'test' ? /^test_batch\.bin$/ : /^data_batch_\d+\.bin$/;
  const names = namesIn(folder).filter((name) => wanted.test(name));
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  const inner = join(folder, 'cifar-10-batches-bin');
  if (statOf(inner)?.isDirectory()) return filesOf(inner, part);
  throw dataError({
    message: `no CIFAR-10 binary files for ${part}: ${describePath(folder)}`,
    expected: part === 'test' ? 'test_batch.bin' : 'data_batch_1.bin …',
    code: 'no-data',
  });
}

/** Opens CIFAR-10's binary version: files, or a folder and its part (train or test). Records are one label byte and 3×32×32 RGB. */
export function openCifar(paths: readonly string[], part: string): MemorySource {
  const files = paths.flatMap((path) => (statOf(path)?.isDirectory() ? filesOf(path, part) : [path]));
  const parts = files.map((file) => readFileOf(file, 'a CIFAR-10 binary file'));
  let count = 0;
  parts.forEach((bytes, i) => {
    if (bytes.length === 0 || bytes.length % RECORD !== 0) {
      throw dataError({
        message: `${files[i]} has ${bytes.length} bytes`,
        expected: `a multiple of ${RECORD} (label, then 3×32×32)`,
        code: 'bad-cifar',
      });
    }
    count += bytes.length / RECORD;
  });
  const data = new Uint8Array(count * (RECORD - 1));
  const labels = new Float32Array(count);
  let at = 0;
  for (const bytes of parts) {
    for (let i = 0; i < bytes.length; i += RECORD, at++) {
      labels[at] = bytes[i]!;
      data.set(bytes.subarray(i + 1, i + RECORD), at * (RECORD - 1));
    }
  }
  return new MemorySource(files.join(', '), 'cifar10-bin', SHAPE, data, labels);
}
