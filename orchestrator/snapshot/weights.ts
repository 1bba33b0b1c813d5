import { readFileSync } from 'node:fs';
import { CremaError, dataError } from '../core/index.ts';
import type { Net, NetLayer, ParamSet } from '../net/index.ts';
import { readWeights, shapeFits } from '../proto/index.ts';
import type { WeightBlob, WeightsFile } from './files.ts';
import { decodeWeightsHdf5, isHdf5 } from './hdf5.ts';

/** The parameters as Caffe saves them: every layer of the text with its blobs, shared ones repeated (not in HDF5). */
export function collectWeights(net: Net, params: ParamSet, repeatShared: boolean): WeightsFile {
  return {
    name: net.name,
    layers: net.layers
      .filter((layer) => !layer.inserted)
      .map((layer) => ({
        name: layer.name,
        type: layer.type.type,
        param: layer.param,
        blobs: layer.params.map((i): WeightBlob | undefined =>
          repeatShared || net.params[i]!.learnable
            ? { shape: net.params[i]!.shape, data: params.blobs[i]!.data }
            : undefined,
        ),
      })),
  };
}

export function readFileOr(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw dataError({ message: `cannot read the ${what} '${path}'`, expected: 'a file', code: 'missing-file' }, error);
  }
}

/** Reads a caffemodel in either form. The blobs of HDF5 are looked up by the layers of `net`. */
export async function decodeWeights(bytes: Uint8Array, path: string, net: Net): Promise<WeightsFile> {
  if (isHdf5(bytes)) {
    const layers = net.layers.map((l) => ({ name: l.name, slots: l.params.length }));
    return decodeWeightsHdf5(bytes, path, layers);
  }
  if (bytes[0] === 0x08) {
    throw dataError({
      message: `'${path}' is a solver state, not a caffemodel`,
      expected: 'a .caffemodel',
      hint: 'give solver states with --snapshot',
      code: 'not-a-caffemodel',
    });
  }
  try {
    return readWeights(bytes, path);
  } catch (error) {
    if (error instanceof CremaError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw dataError({ message: `'${path}' is not a readable caffemodel: ${reason}`, code: 'caffemodel' }, error);
  }
}

/**
 * Copies weights into a net by layer name; layers that the file does not name keep theirs. All that does not fit is
 * reported at once, before anything is copied. Returns the names of the layers of the net that got weights.
 */
export function applyWeights(file: WeightsFile, path: string, net: Net, params: ParamSet): string[] {
  const targets = new Map<string, NetLayer[]>();
  for (const layer of net.layers) targets.set(layer.name, [...(targets.get(layer.name) ?? []), layer]);
  const problems: { message: string; path: string; expected: string; hint?: string }[] = [];
  const copies: [Float32Array, Float32Array][] = [];
  const taken: string[] = [];
  for (const source of file.layers) {
    // Caffe takes the first layer of a name.
    const layer = targets.get(source.name)?.[0];
    if (!layer) continue;
    if (source.blobs.length !== layer.params.length) {
      problems.push({
        message: `'${path}' has ${source.blobs.length} blobs for this layer`,
        path: layer.name,
        expected: `${layer.params.length} blobs`,
      });
      continue;
    }
    source.blobs.forEach((blob, slot) => {
      const param = net.params[layer.params[slot]!]!;
      if (!blob) {
        if (!param.learnable) return;
        problems.push({
          message: `'${path}' lacks blob ${slot} of this layer`,
          path: layer.name,
          expected: 'every blob',
        });
      } else if (shapeFits(blob, param.shape) && blob.data.length === params.blobs[param.index]!.count) {
        copies.push([params.blobs[param.index]!.data, blob.data]);
      } else {
        problems.push({
          message: `'${path}' has [${blob.shape.join(' ')}] for blob ${slot}`,
          path: layer.name,
          expected: `[${param.shape.join(' ')}]`,
          hint: 'rename the layer to learn it from scratch',
        });
      }
    });
    if (layer.params.length > 0) taken.push(layer.name);
  }
  if (problems.length > 0)
    throw new CremaError(
      'data',
      problems.map((p) => ({ ...p, code: 'weights-shape' })),
    );
  for (const [target, data] of copies) target.set(data);
  return taken;
}

/** Reads a caffemodel (binary or HDF5) into the parameters of a net; returns the layers that got weights. */
export async function loadWeights(path: string, net: Net, params: ParamSet): Promise<string[]> {
  const file = await decodeWeights(readFileOr(path, 'weights file'), path, net);
  return applyWeights(file, path, net, params);
}
