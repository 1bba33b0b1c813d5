import { Blob, NCHW, sameShape } from '../blob/index.ts';
import { inputError, RandomStream } from '../core/index.ts';
import { fillBlob } from '../layers/index.ts';
import { spanOf } from '../proto/index.ts';
import type { Net, NetLayer } from './net.ts';

/** The parameters of a net, row-major; `blobs[i]` belongs to `net.params[i]`. Shared params share their tensors. */
export interface ParamSet {
  readonly net: Net;
  readonly blobs: readonly Blob[];
}

/**
 * Makes the parameters of a net. With `from`, layers of the same name take the data (not the diff) of that set's layer, as
 * Caffe's test nets do; all others are filled by their fillers, each from its own stream of `seed`.
 * Throws an input CremaError where a layer of the same name has other shapes.
 */
export function createParams(net: Net, seed: number, from?: ParamSet): ParamSet {
  const trained = new Map(from?.net.layers.map((layer) => [layer.name, layer]));
  const blobs: Blob[] = [];
  for (const param of net.params) {
    const owner = blobs[param.owner];
    if (owner) {
      blobs.push(new Blob(param.key, param.shape, NCHW, { data: owner.dataTensor, diff: owner.diffTensor }));
      continue;
    }
    const layer = net.layers[param.layer]!;
    const source = trained.get(layer.name);
    const other = source && from ? sourceBlob(layer, param.slot, param.shape, source, from) : undefined;
    const blob = new Blob(param.key, param.shape, NCHW, other ? { data: other.dataTensor } : {});
    if (!other) fillBlob(param.filler, param.shape, blob.data, new RandomStream(seed, `filler/${param.key}`));
    blobs.push(blob);
  }
  return { net, blobs };
}

function sourceBlob(layer: NetLayer, slot: number, shape: readonly number[], source: NetLayer, from: ParamSet): Blob {
  const blob = source.params.length === layer.params.length ? from.blobs[source.params[slot]!] : undefined;
  if (blob && sameShape(blob.shape, shape)) return blob;
  throw inputError({
    message: `layer '${layer.name}' has other parameters here than in the net it shares them with`,
    path: layer.name,
    span: spanOf(layer.param, 'name'),
    expected: blob
      ? `[${blob.shape.join(' ')}] for blob ${slot}, as there; found [${shape.join(' ')}]`
      : `${source.params.length} blobs, as there; found ${layer.params.length}`,
    hint: 'rename the layer in one of the nets where it should not be shared',
    code: 'shared-net-shape',
  });
}
