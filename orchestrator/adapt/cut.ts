import type { Shape } from '../blob/index.ts';
import { inputError, nearest } from '../core/index.ts';
import type { Net } from '../net/index.ts';
import { clone, create, type LayerParameter, type NetParameter, spanOf } from '../proto/index.ts';

/** A net in two: a backbone that stays as it is, and a head that is trained on what the backbone gives. */
export interface CutNet {
  /** Blob that crosses the cut, and the shape of one record's part of it. */
  readonly features: string;
  readonly featureShape: Shape;
  readonly label: string;
  readonly scores: string;
  readonly classes: number;
  readonly backbone: NetParameter;
  readonly headLayers: readonly LayerParameter[];
}

const SOURCES: Readonly<Record<string, 'data_param' | 'image_data_param'>> = {
  Data: 'data_param',
  ImageData: 'image_data_param',
};

/** The net with another source of records in its data layers, read in batches of `batch`. */
export function withSource(text: NetParameter, source: string | undefined, batch: number): NetParameter {
  const copy = clone(text);
  for (const layer of copy.layer) {
    const field = SOURCES[layer.type];
    const param = field && layer[field];
    if (!param) continue;
    if (source !== undefined) param.source = source;
    param.batch_size = batch;
  }
  return copy;
}

const refuse = (net: Net, message: string, expected: string, hint?: string) =>
  inputError({ message: `net '${net.name}': ${message}`, span: spanOf(net.text), expected, hint, code: 'adapt-net' });

/** The layer the head begins with: the named one, else the last inner product above the loss. */
function headStart(net: Net, layers: readonly LayerParameter[], end: number, name: string | undefined): number {
  if (name === undefined) {
    const found = layers.findLastIndex((l, i) => i < end && l.type === 'InnerProduct');
    if (found >= 0) return found;
    throw refuse(
      net,
      'no InnerProduct layer below the loss',
      'a layer the head begins with',
      'name it: --head <layer>',
    );
  }
  const found = layers.findIndex((l) => l.name === name);
  if (found >= 0 && found < end) return found;
  const near = nearest(
    name,
    layers.slice(0, end).map((l) => l.name),
  );
  throw refuse(net, `no layer '${name}' below the loss`, 'a layer of the net', near && `did you mean '${near}'?`);
}

/** Layers among `layers` that `blob` is computed from, in order. */
function under(layers: readonly LayerParameter[], blob: string): LayerParameter[] {
  const wanted = new Set([blob]);
  const taken: LayerParameter[] = [];
  for (const layer of layers.toReversed()) {
    if (!layer.top.some((top) => wanted.has(top))) continue;
    taken.push(layer);
    for (const bottom of layer.bottom) wanted.add(bottom);
  }
  return taken.reverse();
}

/**
 * Cuts a net below its head. The head must hang on the backbone by one blob, and end in a SoftmaxWithLoss whose label
 * comes with the records. @throws CremaError input
 */
export function cutNet(net: Net, headName?: string): CutNet {
  const placed = net.layers.filter((l) => !l.inserted);
  const layers = placed.map((l) => l.param);
  const end = layers.findIndex((l) => l.type === 'SoftmaxWithLoss');
  if (end < 0) throw refuse(net, 'no SoftmaxWithLoss layer', 'a net that classifies, with its loss');
  const [scores = '', label = ''] = layers[end]!.bottom;
  const shape = net.blobs.get(placed[end]!.bottoms[0]!)!.shape;
  if (shape.slice(2).some((n) => n !== 1)) throw refuse(net, `scores of [${shape.join(' ')}]`, 'one score a class');
  const start = headStart(net, layers, end, headName);
  const headLayers = under(layers.slice(start, end), scores);
  const made = new Set(headLayers.flatMap((l) => l.top));
  const crossing = [...new Set(headLayers.flatMap((l) => l.bottom).filter((b) => !made.has(b)))];
  const features = crossing[0];
  if (headLayers[0] !== layers[start] || features === undefined || crossing.length > 1) {
    const what =
      crossing.length > 1
        ? `the head hangs on ${crossing.join(', ')}`
        : `'${layers[start]!.name}' does not lead to the scores`;
    throw refuse(
      net,
      what,
      'a head that hangs on the rest by one blob',
      'let it begin at another layer: --head <layer>',
    );
  }
  const backbone = under(layers.slice(0, start), features);
  const source = backbone.find((l) => SOURCES[l.type]);
  if (!source?.top.includes(label)) {
    throw refuse(
      net,
      'the records do not come from one data layer with labels',
      `a Data or ImageData layer with tops for records and '${label}'`,
    );
  }
  const start0 = placed[start]!;
  const at = start0.param.bottom.indexOf(features);
  return {
    features,
    featureShape: net.blobs.get(start0.bottoms[at]!)!.shape.slice(1),
    label,
    scores,
    classes: shape[1]!,
    backbone: create('NetParameter', { name: `${net.name} backbone`, layer: backbone }),
    headLayers,
  };
}

/** Names of blobs and layers we add; Caffe's files do not use the slash. */
const own = (name: string) => `adapt/${name}`;

/** The layer whose one parameter is added to the scores: masks and prior corrections, never learned. */
export const SHIFT_LAYER = own('shift');

/**
 * The head as a net of its own on records handed over by the program (MemoryData): with a loss behind a Bias layer whose values rule
 * classes out (a ruled-out class has probability 0 and gives no gradient), or, without, ending in the scores.
 */
export function headNet(cut: CutNet, batch: number, training: boolean): NetParameter {
  const [channels = 1, height = 1, width = 1] = cut.featureShape;
  const memory_data_param = { batch_size: batch, channels, height, width };
  const top = [cut.features, own('label')];
  const layers = [create('LayerParameter', { name: own('records'), type: 'MemoryData', top, memory_data_param })];
  for (const layer of cut.headLayers) layers.push(clone(layer));
  const shifted = own('scores');
  if (training) {
    layers.push(
      create('LayerParameter', {
        name: SHIFT_LAYER,
        type: 'Bias',
        bottom: [cut.scores],
        top: [shifted],
        param: [{ lr_mult: 0, decay_mult: 0 }],
        bias_param: { axis: 1, num_axes: 1, filler: { type: 'constant', value: 0 } },
      }),
      create('LayerParameter', {
        name: own('loss'),
        type: 'SoftmaxWithLoss',
        bottom: [shifted, own('label')],
        top: [own('loss')],
      }),
    );
  } else {
    layers.push(create('LayerParameter', { name: own('silence'), type: 'Silence', bottom: [own('label')] }));
  }
  return create('NetParameter', { name: 'head', layer: layers });
}
