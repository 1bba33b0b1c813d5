import { CremaError } from '../core/index.ts';
import { type NetParameter, upgradeNet } from '../proto/index.ts';
import { analyseBackward } from './backward.ts';
import { Builder, type BuiltBlob, type Placed } from './builder.ts';
import { MOST_PROBLEMS } from './failure.ts';
import { filterLayers } from './filter.ts';
import { layerMacs } from './macs.ts';
import type { Net, NetBlob, NetLayer, NetOptions, NetParam } from './net.ts';
import { insertSplits } from './splits.ts';

/**
 * Builds the graph of a net for one phase: upgrades, filter, splits, types, shapes, sharing, need-backward. Opens no device
 * and allocates no blob; sources are opened only where no `record` is assumed. Throws one input CremaError with every
 * problem found, unknown bottoms first (as Caffe meets them), the others in the order of the layers.
 */
export function buildNet(text: NetParameter, options: NetOptions): Net {
  const upgraded = upgradeNet(text);
  const builder = new Builder(options);
  const { problems } = builder;
  const layers = filterLayers(
    upgraded,
    {
      phase: options.phase,
      level: options.level ?? upgraded.state?.level ?? 0,
      stages: new Set(options.stages ?? upgraded.state?.stage ?? []),
    },
    problems,
  );
  for (const wired of insertSplits(layers, problems)) {
    if (problems.length >= MOST_PROBLEMS) break;
    builder.add(wired);
  }
  if (problems.length > 0) {
    for (const { layer } of builder.placed) layer.close?.();
    throw new CremaError('input', problems);
  }
  return assemble(upgraded, builder, options);
}

function assemble(text: NetParameter, builder: Builder, options: NetOptions): Net {
  const { placed } = builder;
  const params = builder.params.finish();
  analyseBackward(placed, text.force_backward);
  const layers = placed.map(
    (p, index): NetLayer => ({
      index,
      name: p.wired.name,
      type: p.type,
      layer: p.layer,
      random: p.random,
      param: p.wired.param,
      bottoms: p.bottoms,
      tops: p.tops,
      params: p.params,
      propagateDown: p.propagateDown,
      paramPropagate: p.paramPropagate,
      needBackward: p.needBackward,
      lossWeights: p.lossWeights,
      inserted: p.wired.inserted,
      macs: p.params.length === 0 ? 0 : macsOf(p, params),
    }),
  );
  const source = placed.find((p) => p.type.isSource && p.tops.length > 0);
  return {
    name: text.name,
    phase: options.phase,
    file: options.file ?? '',
    layers,
    blobs: blobsOf(placed),
    params,
    learnable: params.filter((p) => p.learnable).map((p) => p.index),
    outputs: byBytes([...builder.blobs].filter(([, blob]) => blob.available).map(([name]) => name)),
    batch: (source && source.topBlobs[0]!.shape![0]) ?? 1,
    forceBackward: text.force_backward,
    debugInfo: text.debug_info,
    text,
  };
}

const shapeOf = (blob: BuiltBlob) => blob.shape!;

const macsOf = ({ type, bottomBlobs, topBlobs, params, wired }: Placed, all: readonly NetParam[]) =>
  layerMacs(
    type.type,
    bottomBlobs.map(shapeOf),
    topBlobs.map(shapeOf),
    params.map((i) => all[i]!.shape),
    wired.param.inner_product_param?.num_output ?? 0,
  );

/** In the order of their UTF-8 bytes, as C++ compares strings; that of UTF-16 differs beyond U+D800 only. */
function byBytes(names: string[]): string[] {
  if (names.every((name) => !/[\ud800-\uffff]/.test(name))) return names.sort();
  return names
    .map((name) => ({ name, bytes: Buffer.from(name) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ name }) => name);
}

function blobsOf(placed: readonly Placed[]): Map<string, NetBlob> {
  const blobs = new Map<string, NetBlob>();
  placed.forEach((layer, index) => {
    layer.bottomBlobs.forEach((built, i) => {
      const blob = built.blob!;
      blob.readers.push(index);
      if (layer.propagateDown[i]) blob.needsDiff = true;
    });
    layer.topBlobs.forEach((built, i) => {
      let { blob } = built;
      if (blob) blob.writers.push(index);
      else {
        const id = layer.tops[i]!;
        const named = !layer.wired.inserted && i < layer.wired.tops.length;
        blob = { id, shape: built.shape!, producer: index, writers: [index], readers: [], named, needsDiff: false };
        built.blob = blob;
        blobs.set(id, blob);
      }
      if (layer.needBackward) blob.needsDiff = true;
    });
  });
  return blobs;
}
