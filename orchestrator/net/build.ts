import type { Shape } from '../blob/index.ts';
import { CremaError } from '../core/index.ts';
import { type NetParameter, upgradeNet } from '../proto/index.ts';
import { analyseBackward } from './backward.ts';
import { Builder } from './builder.ts';
import { MOST_PROBLEMS } from './failure.ts';
import { filterLayers } from './filter.ts';
import { layerMacs } from './macs.ts';
import type { Net, NetBlob, NetLayer, NetOptions } from './net.ts';
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
  const shape = (id: string) => builder.shapes.get(id)!;
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
      macs: layerMacs(
        p.type.type,
        p.bottoms.map(shape),
        p.tops.map(shape),
        p.params.map((i) => params[i]!.shape),
        p.wired.param.inner_product_param?.num_output ?? 0,
      ),
    }),
  );
  const source = layers.find((l) => l.type.isSource && l.tops.length > 0);
  return {
    name: text.name,
    phase: options.phase,
    file: options.file ?? '',
    layers,
    blobs: blobsOf(layers, shape),
    params,
    learnable: params.filter((p) => p.learnable).map((p) => p.index),
    outputs: byBytes([...builder.available]),
    batch: (source && shape(source.tops[0]!)[0]) ?? 1,
    forceBackward: text.force_backward,
    debugInfo: text.debug_info,
    text,
  };
}

/** In the order of their UTF-8 bytes, as C++ compares strings; that of UTF-16 differs beyond U+D800 only. */
function byBytes(names: string[]): string[] {
  if (names.every((name) => !/[\ud800-\uffff]/.test(name))) return names.sort();
  return names
    .map((name) => ({ name, bytes: Buffer.from(name) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ name }) => name);
}

function blobsOf(layers: readonly NetLayer[], shape: (id: string) => Shape): Map<string, NetBlob> {
  const blobs = new Map<string, NetBlob & { writers: number[]; readers: number[]; needsDiff: boolean }>();
  for (const layer of layers) {
    layer.bottoms.forEach((id, i) => {
      const blob = blobs.get(id)!;
      blob.readers.push(layer.index);
      if (layer.propagateDown[i]) blob.needsDiff = true;
    });
    layer.tops.forEach((id, i) => {
      const blob = blobs.get(id);
      const named = !layer.inserted && i < layer.param.top.length;
      if (blob) blob.writers.push(layer.index);
      else {
        blobs.set(id, {
          id,
          shape: shape(id),
          producer: layer.index,
          writers: [layer.index],
          readers: [],
          named,
          needsDiff: false,
        });
      }
      if (layer.needBackward) (blobs.get(id) as { needsDiff: boolean }).needsDiff = true;
    });
  }
  return blobs;
}
