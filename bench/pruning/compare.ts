import { Blob, NCHW, type Shape } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { fillBlob, type Phase } from '../../orchestrator/layers/index.ts';
import { buildNet, createParams, type Net, type NetLayer, type ParamSet } from '../../orchestrator/net/index.ts';
import { create, LRNParameter_NormRegion, type NetParameter, upgradeNet } from '../../orchestrator/proto/index.ts';
import {
  analyseChannels,
  type ChannelGraph,
  type Kept,
  type Pruned,
  type PruneSettings,
  prune,
  sliceParams,
  valuesOf,
  zeroed,
} from '../../orchestrator/prune/index.ts';

export interface Comparison {
  readonly pruned: Pruned;
  /** Largest difference of any surviving element of any blob, relative to the largest element of its blob (at least 1). */
  readonly difference: number;
  /** The same of what the net gives: its outputs and what its losses and measures read. */
  readonly output: number;
  readonly worst: string;
  /** Elements compared. */
  readonly compared: number;
}

export interface CompareOptions extends PruneSettings {
  /** The phase that runs; all phases are pruned alike. */
  readonly phase?: Phase;
  readonly phases?: readonly Phase[];
  readonly record?: readonly [number, number, number] | undefined;
  readonly file?: string;
}

/** Weights as a trained net has them: no filter is zero, statistics are plausible. */
function fillTrained(net: Net, params: ParamSet): void {
  for (const param of net.params) {
    if (param.owner !== param.index) continue;
    const { data } = params.blobs[param.index]!;
    const draws = new RandomStream(7, `trained/${param.key}`);
    const fanIn = Math.max(
      1,
      param.shape.slice(1).reduce((a, b) => a * b, 1),
    );
    const { type } = net.layers[param.layer]!.type;
    const spread = create('FillerParameter', { type: 'gaussian', std: param.slot === 0 ? Math.sqrt(2 / fanIn) : 0.1 });
    const about = (mean: number) => create('FillerParameter', { type: 'uniform', min: 0.5 * mean, max: 1.5 * mean });
    if (type === 'BatchNorm') {
      if (param.slot === 2) data.fill(1);
      else
        fillBlob(
          param.slot === 0 ? create('FillerParameter', { type: 'gaussian', std: 0.1 }) : about(1),
          param.shape,
          data,
          draws,
        );
    } else fillBlob(type === 'Scale' && param.slot === 0 ? about(1) : spread, param.shape, data, draws);
  }
}

/** Values of all blobs after one forward pass. `lrn` runs the layers that look at neighbours. */
function forward(
  net: Net,
  params: ParamSet,
  lrn?: (layer: NetLayer, bottom: Blob, top: Blob) => void,
): Map<string, Blob> {
  const blobs = new Map<string, Blob>();
  const blobOf = (id: string) => {
    const known = blobs.get(id) ?? new Blob(id, net.blobs.get(id)!.shape);
    blobs.set(id, known);
    return known;
  };
  for (const layer of net.layers) {
    const tops = layer.tops.map(blobOf);
    const bottoms = layer.bottoms.map(blobOf);
    if (layer.type.isSource) {
      tops.forEach((top, i) => {
        const noise = create('FillerParameter', { type: 'gaussian', std: 1 });
        if (i === 0) fillBlob(noise, top.shape, top.data, new RandomStream(3, `input/${top.name}`));
      });
    } else if (
      lrn &&
      layer.type.type === 'LRN' &&
      layer.param.lrn_param?.norm_region !== LRNParameter_NormRegion.WITHIN_CHANNEL
    ) {
      lrn(layer, bottoms[0]!, tops[0]!);
    } else {
      layer.layer.forward(
        bottoms,
        tops,
        layer.params.map((i) => params.blobs[i]!),
        false,
      );
    }
  }
  return blobs;
}

/** The surviving channels of a blob. */
function gathered(blob: Blob, stays: readonly number[]): Float32Array {
  const [batch = 1, channels = 1] = blob.shape;
  const size = blob.count / (batch * channels);
  const out = new Float32Array(batch * stays.length * size);
  for (let n = 0; n < batch; n++) {
    stays.forEach((c, i) => {
      const from = (n * channels + c) * size;
      out.set(blob.data.subarray(from, from + size), (n * stays.length + i) * size);
    });
  }
  return out;
}

/** LRN of the masked net, with the neighbours that the smaller net has. */
function lrnOfKept(smaller: Net, graph: ChannelGraph, kept: Kept, at: number) {
  return (layer: NetLayer, bottom: Blob, top: Blob): void => {
    const ids = graph.blobs[at]!.get(layer.bottoms[0]!)!;
    const stays = [...ids.keys()].filter((c) => kept.has(ids[c]!));
    const twin = smaller.layers.find(({ name }) => name === layer.name)!;
    const shape: Shape = [bottom.shape[0]!, stays.length, ...bottom.shape.slice(2)];
    const [x, y] = [new Blob('x', shape, NCHW), new Blob('y', shape, NCHW)];
    x.data.set(gathered(bottom, stays));
    twin.layer.forward([x], [y], [], false);
    const size = bottom.count / (bottom.shape[0]! * bottom.shape[1]!);
    top.data.fill(0);
    for (let n = 0; n < bottom.shape[0]!; n++) {
      stays.forEach((c, i) => {
        const from = (n * stays.length + i) * size;
        top.data.set(y.data.subarray(from, from + size), (n * ids.length + c) * size);
      });
    }
  };
}

/** The text with one image a pass. */
function oneImage(text: NetParameter): NetParameter {
  for (const layer of text.layer) {
    for (const settings of [layer.data_param, layer.image_data_param, layer.memory_data_param])
      if (settings) settings.batch_size = 1;
    for (const shape of layer.input_param?.shape ?? []) shape.dim[0] = 1;
  }
  return text;
}

/** Prunes a net and compares one forward pass of the smaller net with that of the whole net whose removed filters are zero. */
export function compareMasked(given: NetParameter, options: CompareOptions): Comparison {
  const { phase = 'TEST', phases = ['TRAIN', 'TEST'], record, file = 'net.prototxt' } = options;
  const text = oneImage(upgradeNet(given));
  const build = (net: NetParameter, p: Phase) => buildNet(net, { phase: p, file, record });
  const graph = analyseChannels(phases.map((p) => build(text, p)));
  const at = phases.indexOf(phase);
  const net = graph.nets[at]!;
  const params = createParams(net, 1);
  fillTrained(net, params);
  const weights = new Map(valuesOf(params));
  // A phase that does not run may have layers of its own (auxiliary classifiers).
  for (const other of graph.nets)
    for (const [key, value] of valuesOf(createParams(other, 1))) if (!weights.has(key)) weights.set(key, value);
  const pruned = prune(graph, weights, options);
  const smaller = build(pruned.text, phase);
  const cut = createParams(smaller, 1);
  sliceParams(graph, pruned.kept, params, cut);
  for (const param of net.params) {
    const view = graph.views.get(param.key);
    if (view) zeroed(view, pruned.kept, params.blobs[param.index]!.data);
  }
  const whole = forward(net, params, lrnOfKept(smaller, graph, pruned.kept, at));
  const small = forward(smaller, cut);
  return { pruned, ...differences(graph, pruned.kept, at, whole, small) };
}

/** Outputs of the net, and what its losses, probabilities and measures read. */
function results(net: Net): Set<string> {
  const readers = net.layers.filter(({ type }) => type.isLoss || type.type === 'Softmax' || type.type === 'Accuracy');
  return new Set([...net.outputs, ...readers.flatMap(({ bottoms }) => bottoms)]);
}

function differences(graph: ChannelGraph, kept: Kept, at: number, whole: Map<string, Blob>, small: Map<string, Blob>) {
  const given = results(graph.nets[at]!);
  let [difference, output, compared, worst] = [0, 0, 0, ''];
  for (const [id, blob] of small) {
    const ids = graph.blobs[at]!.get(id);
    const other = whole.get(id)!;
    const stays = ids && [...ids.keys()].filter((c) => kept.has(ids[c]!));
    const values = stays ? gathered(other, stays) : other.data;
    if (values.length !== blob.count) {
      const infinite = Number.POSITIVE_INFINITY;
      return { difference: infinite, output: infinite, compared, worst: `${id}: ${blob.shape.join('×')}` };
    }
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    let off = 0;
    for (let i = 0; i < values.length; i++) {
      const one = Math.abs(values[i]! - blob.data[i]!) / largest;
      if (!(one <= off)) off = one;
    }
    if (!(off <= difference)) [difference, worst] = [off, id];
    if (given.has(id) && !(off <= output)) output = off;
    compared += values.length;
  }
  return { difference, output, compared, worst };
}
