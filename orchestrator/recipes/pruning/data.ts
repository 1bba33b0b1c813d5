import { inputError } from '../../core/index.ts';
import { type Backend, chooseRecords, openSource, type RecordChoice, resolveSource } from '../../data/index.ts';
import type { Phase } from '../../layers/index.ts';
import { buildNet } from '../../net/index.ts';
import { clone, DataParameter_DB, type LayerParameter, type NetParameter } from '../../proto/index.ts';
import { resolvePath } from '../../solver/index.ts';

/** Where a procedure's records come from: texts for data_param's source. */
export interface DataSources {
  readonly train: string;
  /** What decisions look at; never the test data. */
  readonly validation: string;
  /** Measured and reported, never decided on. */
  readonly test: string;
}

/** The one Data layer of a phase. */
function dataLayer(text: NetParameter, phase: Phase, file: string): LayerParameter {
  const net = buildNet(text, { phase, file });
  const found = net.layers.filter(({ type }) => type.isSource).map(({ param }) => param);
  for (const { layer } of net.layers) layer.close?.();
  const [data, ...others] = found;
  if (data?.type === 'Data' && others.length === 0) return data;
  throw inputError({
    message: `net '${text.name}' gets its data in phase ${phase} from ${found.map((p) => `${p.name} (${p.type})`).join(', ') || 'nowhere'}`,
    expected: 'one Data layer, whose source can be replaced',
    code: 'no-data-layer',
  });
}

/** The sources of a net's own data layers. Validation data are every fifth record of each class of the training data, which then lack them. */
export function ownSources(text: NetParameter, file: string): DataSources {
  const of = (phase: Phase, choice: RecordChoice) => {
    const { data_param: data } = dataLayer(text, phase, file);
    const backend: Backend = data?.backend === DataParameter_DB.LMDB ? 'LMDB' : 'LEVELDB';
    const source = resolveSource(data?.source ?? '', (path) => resolvePath(path, file));
    return chooseRecords(source, backend, choice);
  };
  return { train: of('TRAIN', { hold: 5 }), validation: of('TRAIN', { held: 5 }), test: of('TEST', {}) };
}

/** The same sources with the records of some classes only. */
export function ofClasses(sources: DataSources, only: readonly number[]): DataSources {
  const choose = (text: string) => chooseRecords(text, 'LMDB', { only });
  return { train: choose(sources.train), validation: choose(sources.validation), test: choose(sources.test) };
}

/** Records in one pass of a source. */
export function recordsOf(source: string): number {
  const opened = openSource(source, 'LMDB');
  try {
    return opened.count;
  } finally {
    opened.close();
  }
}

/** The text with other records: every Data layer reads `source`, `batch` at a time where it is given. */
export function withRecords(text: NetParameter, source: string, batch?: number): NetParameter {
  const copy = clone(text);
  for (const { data_param: data } of copy.layer) {
    if (!data) continue;
    data.source = source;
    if (batch !== undefined) data.batch_size = batch;
  }
  return copy;
}

/** The text with the records of another of the same layers. */
export function withRecordsOf(text: NetParameter, original: NetParameter): NetParameter {
  const copy = clone(text);
  for (const [i, layer] of copy.layer.entries()) {
    const data = original.layer[i]!.data_param;
    if (layer.data_param && data) layer.data_param = clone(data);
  }
  return copy;
}

const MOST_AT_ONCE = 250;

/** A batch that shows every record once in whole batches, up to 250 at a time; where none of 20 or more does, a tail is left out. */
export function wholeBatches(records: number): { batch: number; iterations: number } {
  for (let batch = Math.min(records, MOST_AT_ONCE); batch >= Math.min(records, 20); batch--) {
    if (records % batch === 0) return { batch, iterations: records / batch };
  }
  return { batch: MOST_AT_ONCE / 2, iterations: Math.floor(records / (MOST_AT_ONCE / 2)) };
}
