import { internalError } from '../core/index.ts';
import {
  accepts,
  describePass,
  type Geometry,
  type KernelRequest,
  type Manifest,
  type Pass,
} from '../kernels/index.ts';
import { decodeSliding } from '../layers/index.ts';
import type { Net, NetLayer } from '../net/index.ts';
import type { Accelerator } from '../plan/index.ts';
import type { DescriptorWriter, LaunchTask } from './launch.ts';

const PASS: Record<string, Pass> = {
  forward: 'forward',
  'backward-data': 'backwardData',
  'backward-weights': 'backwardWeights',
};

/** The layer in the words of kernels/, which knows no nets. */
function request(layer: NetLayer, bottom: readonly number[], top: readonly number[]): KernelRequest {
  const base = { type: layer.type.type, bottoms: [bottom], tops: [top], bias: layer.params.length > 1 };
  if (layer.type.type === 'Convolution') {
    const p = layer.param.convolution_param!;
    const { kernel, stride, pad, dilation } = decodeSliding(p, bottom);
    return { ...base, kernel, stride, pad, dilation, groups: p.group };
  }
  if (layer.type.type === 'InnerProduct') {
    const { axis, transpose } = layer.param.inner_product_param!;
    return { ...base, axis: axis < 0 ? axis + bottom.length : axis, transposed: transpose };
  }
  return base;
}

/** A manifest as the planner asks it. */
export function accelerator(manifest: Manifest): Accelerator {
  return {
    board: manifest.board,
    config: manifest.config,
    computeUnits: manifest.computeUnits.length,
    lanes: manifest.lanes,
    accepts(net: Net, layer: NetLayer) {
      if (!manifest.operations.includes(layer.type.type)) {
        return { accepted: false, reason: `${manifest.config} has no kernel for ${layer.type.type}` };
      }
      if (layer.bottoms.length !== 1) {
        return { accepted: false, reason: `${layer.bottoms.length} bottoms share the weights; a launch takes one` };
      }
      const shape = (id: string) => net.blobs.get(id)!.shape;
      const answer = accepts(manifest, request(layer, shape(layer.bottoms[0]!), shape(layer.tops[0]!)));
      return answer.accepted
        ? { accepted: true, reason: `${manifest.kernel} takes it` }
        : { accepted: false, reason: answer.reason };
    },
  };
}

/** The engine's view of a planned launch: geometry in the plan's lanes, and its pass. */
export function launchGeometry(
  manifest: Manifest,
  task: Pick<LaunchTask, 'layer' | 'bottom' | 'top' | 'pass' | 'lanes' | 'biasWanted'>,
): { geometry: Geometry; pass: Pass } {
  const answer = accepts(manifest, request(task.layer, task.bottom, task.top));
  if (!answer.accepted) throw internalError(`${task.layer.name} was planned for the card: ${answer.reason}`);
  const pass = PASS[task.pass]!;
  const bias = pass === 'backwardWeights' ? { bias: task.biasWanted } : {};
  return { geometry: { ...answer.geometries[0]!, lanes: task.lanes, ...bias }, pass };
}

/** Op descriptors from launch tasks, one per compute unit that takes part. */
export function descriptorWriter(manifest: Manifest): DescriptorWriter {
  return (task) => {
    const { geometry, pass } = launchGeometry(manifest, task);
    const weights = pass === 'backwardWeights';
    const options = { accumulate: weights && task.accumulate, biasOnly: weights && !task.weightsWanted };
    return describePass(geometry, pass, options, manifest.computeUnits.length).map((descriptors, computeUnit) => ({
      computeUnit,
      descriptors,
    }));
  };
}
