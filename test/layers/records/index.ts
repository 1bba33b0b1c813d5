import { lossRecords } from './losses.ts';
import { neuronRecords } from './neuron.ts';
import { normalizeRecords } from './normalize.ts';
import type { LayerRecord } from './record.ts';
import { recurrentRecords } from './recurrent.ts';
import { shapeRecords } from './shape.ts';
import { weightRecords } from './weights.ts';

export { checkCase, LIMIT, type Worst } from './check.ts';
export * from './record.ts';

/** One record for every layer type; the gradient check fails for a type without one. */
export const records: ReadonlyMap<string, LayerRecord> = new Map(
  [...weightRecords, ...normalizeRecords, ...neuronRecords, ...shapeRecords, ...lossRecords, ...recurrentRecords].map(
    (record) => [record.type, record],
  ),
);
