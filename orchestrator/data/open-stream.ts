import { internalError } from '../core/index.ts';
import { ChosenSource } from './chosen.ts';
import { GeneratedSource } from './generated.ts';
import { ImageListSource } from './images.ts';
import { LmdbSource } from './lmdb.ts';
import { MemorySource } from './memory.ts';
import { openSource } from './open.ts';
import type { RecordSource } from './source.ts';
import { type BatchStream, DirectStream, type StreamSpec } from './stream.ts';
import { transformedShape } from './transform.ts';
import { readWindowFile, windowShape } from './windows.ts';
import { WorkerStream } from './worker-stream.ts';

/** Opens the records of a stream. */
export function openRecords(spec: StreamSpec): RecordSource {
  if (spec.backend === 'WINDOWS') throw internalError('windows are no records: see windows.ts');
  return spec.backend === 'IMAGES' ? new ImageListSource(spec) : openSource(spec.source, spec.backend);
}

/**
 * An LMDB up to this size stays in the system's page cache, where a batch is read and transformed in less time than a thread costs
 * in start-up and memory (measured about 0.2 ms for LeNet's batch of 64). Larger ones may wait for the disk: read ahead.
 */
const CACHED_BYTES = 256 * 2 ** 20;

function isDirect(source: RecordSource): boolean {
  if (source.encoded) return false;
  if (source instanceof MemorySource || source instanceof GeneratedSource || source instanceof ChosenSource)
    return true;
  return source instanceof LmdbSource && source.fileBytes <= CACHED_BYTES;
}

/**
 * Opens a stream of batches. `ahead`: in a thread of its own, or not, or (undefined) as suits the source. Both ways give the same
 * batches; pictures are always decoded in the thread. Throws a data CremaError where the source cannot be read.
 */
export function openStream(spec: StreamSpec, ahead?: boolean): BatchStream {
  if (spec.backend === 'WINDOWS') {
    readWindowFile(spec.source); // refuses a bad file now, not in the thread
    return new WorkerStream(spec, windowShape(spec));
  }
  const source = openRecords(spec);
  if (!source.encoded && !(ahead ?? !isDirect(source))) return new DirectStream(spec, source);
  try {
    return new WorkerStream(spec, transformedShape(spec.transform, source.shape, source.name, source.encoded));
  } finally {
    source.close();
  }
}
