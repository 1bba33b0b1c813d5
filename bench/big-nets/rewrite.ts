import type { Shape } from '../../orchestrator/blob/index.ts';
import { buildNet, type Net } from '../../orchestrator/net/index.ts';
import {
  clone,
  create,
  isSet,
  type LayerParameter,
  type NetParameter,
  parseNet,
  upgradeNet,
} from '../../orchestrator/proto/index.ts';
import type { PublishedNet } from '../published/nets.ts';

const SOURCES = new Set(['Input', 'Data', 'ImageData', 'MemoryData', 'DummyData', 'HDF5Data']);

/** A text to run: its sources replaced by Input layers at one batch, weights given a filler where it has none. */
export interface Runnable {
  readonly text: NetParameter;
  readonly phase: 'TRAIN' | 'TEST';
  readonly training: boolean;
}

function inputOf(layer: LayerParameter, shapes: readonly Shape[], batch: number): LayerParameter {
  const shape = shapes.map((s) => create('BlobShape', { dim: [batch, ...s.slice(1)] }));
  return create('LayerParameter', {
    name: layer.name,
    type: 'Input',
    top: [...layer.top],
    include: layer.include,
    exclude: layer.exclude,
    input_param: create('InputParameter', { shape }),
  });
}

/** Deploy texts leave weights to a caffemodel: He's filler keeps the signal alive through the depth of the net. */
function fillWeights(layer: LayerParameter): void {
  const settings = layer.convolution_param ?? layer.inner_product_param;
  if (settings && !isSet(settings, 'weight_filler')) {
    settings.weight_filler = create('FillerParameter', { type: 'msra' });
  }
}

/** Throws what building the net throws. Records without a shape of their own are 3 × 256 × 256 before their crop. */
export function makeRunnable(chosen: PublishedNet, batch: number): Runnable {
  const published = upgradeNet(parseNet(chosen.text, chosen.file));
  const training = published.layer.some((l) => l.type.endsWith('Loss') || l.loss_weight.some((w) => w !== 0));
  const phase = training ? 'TRAIN' : 'TEST';
  const shapes = buildNet(published, { phase, file: chosen.file, record: [3, 256, 256] }).blobs;
  const text = clone(published);
  text.layer = text.layer.map((layer) => {
    fillWeights(layer);
    const known = layer.top.every((top) => shapes.has(top));
    if (!SOURCES.has(layer.type) || !known) return layer;
    return inputOf(
      layer,
      layer.top.map((top) => shapes.get(top)!.shape),
      batch,
    );
  });
  return { text, phase, training };
}

export function buildRunnable({ text, phase }: Runnable, file: string): Net {
  return buildNet(clone(text), { phase, file, seed: 1, record: [3, 256, 256] });
}

/**
 * The net with statistics of the batch itself, from which the running statistics of a deploy text come: untrained ones
 * (zeros) would blow the signal up by 1 / sqrt(eps) per layer. Undefined where no layer takes global statistics.
 */
export function buildCalibration(runnable: Runnable, file: string): Net | undefined {
  if (runnable.phase === 'TRAIN') return undefined;
  const text = clone(runnable.text);
  const norms = text.layer.filter((layer) => layer.type === 'BatchNorm');
  for (const layer of norms) {
    const settings = layer.batch_norm_param ?? create('BatchNormParameter');
    layer.batch_norm_param = settings;
    settings.use_global_stats = false;
  }
  return norms.length === 0 ? undefined : buildNet(text, { phase: 'TRAIN', file, seed: 1 });
}
