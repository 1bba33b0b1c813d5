import { blobOf, type StoredBlob, toBlobProto } from './blob-proto.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { clone, create, isSet } from './message.ts';
import type { BlobProto, LayerParameter, NetParameter, V1LayerParameter } from './messages.ts';
import { v0Types, v1Types } from './upgrade/legacy-types.ts';

export interface LayerWeights {
  readonly name: string;
  /** Today's name of the layer type; empty where the file does not say. */
  readonly type: string;
  readonly blobs: readonly StoredBlob[];
  /** The layer's description, to be written beside its blobs as Caffe does. Reading leaves it out. */
  readonly param?: LayerParameter;
}

/** A weight file (`.caffemodel`): the trained blobs of each layer, in the order of the file. */
export interface Weights {
  readonly name: string;
  readonly layers: readonly LayerWeights[];
}

const blobsOf = (protos: readonly BlobProto[], file: string, layer: string): StoredBlob[] =>
  protos.map((proto, i) => blobOf(proto, `${file}: blob ${i} of layer "${layer}"`));

/** A layer of the second form, or of the first form inside it. */
function legacyLayer(layer: V1LayerParameter, file: string): LayerWeights {
  const v0 = layer.layer;
  const name = v0 && isSet(v0, 'name') ? v0.name : layer.name;
  const type = v0 ? v0Types.get(v0.type) : layer.type;
  return {
    name,
    type: type === undefined ? '' : (v1Types.get(type) ?? ''),
    blobs: blobsOf(v0 && isSet(v0, 'blobs') ? v0.blobs : layer.blobs, file, name),
  };
}

/**
 * Reads a weight file of any of the three layer forms. Values go from the file's bytes into Float32Array without a
 * JavaScript array between, so 500 MB take as long as copying them.
 */
export function readWeights(bytes: Uint8Array, file = 'caffemodel'): Weights {
  const net = decode('NetParameter', bytes, file);
  const today = net.layer.map(({ name, type, blobs }) => ({ name, type, blobs: blobsOf(blobs, file, name) }));
  return { name: net.name, layers: [...today, ...net.layers.map((layer) => legacyLayer(layer, file))] };
}

function layerMessage({ name, type, blobs, param }: LayerWeights): LayerParameter {
  const layer = param ? clone(param) : create('LayerParameter', { name, type });
  layer.blobs = blobs.map(toBlobProto);
  return layer;
}

/** The binary form of a weight file, which Caffe reads. `base` gives what else the net says (state, force_backward). */
export function writeWeights(weights: Weights, base?: NetParameter): Buffer {
  const net = base ? clone(base) : create('NetParameter');
  net.name = weights.name;
  net.layer = weights.layers.map(layerMessage);
  return encode('NetParameter', net);
}
