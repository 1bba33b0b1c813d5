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
import {
  checkAccumulator,
  engineBits,
  type IntegerPass,
  type IntegerShape,
  innerProductShape,
  levelName,
  reductionLength,
  type WordLengths,
} from '../precision/index.ts';
import type { DescriptorWriter, LaunchTask } from './launch.ts';

const PASS: Record<string, Pass> = {
  forward: 'forward',
  'backward-data': 'backwardData',
  'backward-weights': 'backwardWeights',
};

/** The layer in the words of kernels/, which knows no nets. */
function request(
  layer: NetLayer,
  bottom: readonly number[],
  top: readonly number[],
  words: WordLengths | undefined,
): KernelRequest {
  const elementBits = words ? engineBits(words) : 32;
  const base = { type: layer.type.type, bottoms: [bottom], tops: [top], bias: layer.params.length > 1, elementBits };
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

/** What each pass asks of the accumulator. */
function accumulators(geometry: Geometry, words: WordLengths, backward: boolean) {
  const shape = integerShape(geometry);
  const { weights, activations, activationGradients } = words;
  const passes: [IntegerPass, number, number][] = [
    ['forward', weights, activations],
    ['backwardData', weights, activationGradients],
    ['backwardWeights', activationGradients, activations],
  ];
  return (backward ? passes : passes.slice(0, 1)).map(([pass, a, b]) => ({
    pass,
    ...checkAccumulator(a, b, reductionLength(shape, pass)),
  }));
}

/** Why the sums of some pass might not fit the accumulator, or undefined where all do. */
function accumulatorProblem(geometry: Geometry, words: WordLengths, backward: boolean): string | undefined {
  const found = accumulators(geometry, words, backward).find((check) => !check.fits);
  return found && `${found.pass}: ${found.reason}`;
}

/** Bits that the sums of a layer's passes need, the widest of them. */
export function widestAccumulator(manifest: Manifest, layer: NetLayer, net: Net, words: WordLengths): number {
  const shape = (id: string) => net.blobs.get(id)!.shape;
  const answer = accepts(manifest, request(layer, shape(layer.bottoms[0]!), shape(layer.tops[0]!), words));
  if (!answer.accepted) throw internalError(`${layer.name} has no place on the card: ${answer.reason}`);
  return Math.max(...accumulators(answer.geometries[0]!, words, layer.needBackward).map((check) => check.bits));
}

/** A geometry of kernels/ in the words of precision/. */
export function integerShape(g: Geometry): IntegerShape {
  if (g.kind === 'inner-product') return innerProductShape(g.batch, g.inputs, g.outputs);
  const { batch, groups, channels, height, width, outputs, outHeight, outWidth } = g;
  const [kernelH, kernelW] = g.kernel;
  const [strideH, strideW] = g.stride;
  const [padH, padW] = g.pad;
  const [dilationH, dilationW] = g.dilation;
  return {
    ...{ batch, groups, channels, height, width, outputs, outHeight, outWidth },
    ...{ kernelH, kernelW, strideH, strideW, padH, padW, dilationH, dilationW },
  };
}

/** A manifest as the planner asks it. */
export function accelerator(manifest: Manifest): Accelerator {
  return {
    board: manifest.board,
    config: manifest.config,
    computeUnits: manifest.computeUnits.length,
    lanes: manifest.lanes,
    elementBits: manifest.elementBits,
    accepts(net: Net, layer: NetLayer, words?: WordLengths) {
      if (!manifest.operations.includes(layer.type.type)) {
        return { accepted: false, reason: `${manifest.config} has no kernel for ${layer.type.type}` };
      }
      if (layer.bottoms.length !== 1) {
        return { accepted: false, reason: `${layer.bottoms.length} bottoms share the weights; a launch takes one` };
      }
      const shape = (id: string) => net.blobs.get(id)!.shape;
      const answer = accepts(manifest, request(layer, shape(layer.bottoms[0]!), shape(layer.tops[0]!), words));
      if (!answer.accepted) return { accepted: false, reason: answer.reason };
      if (!words) return { accepted: true, reason: `${manifest.kernel} takes it` };
      const tooLong = accumulatorProblem(answer.geometries[0]!, words, layer.needBackward);
      if (tooLong) return { accepted: false, reason: tooLong };
      return { accepted: true, reason: `${manifest.kernel} takes it at ${levelName(words)}` };
    },
  };
}

/** The engine's view of a planned launch: geometry in the plan's lanes, and its pass. */
export function launchGeometry(
  manifest: Manifest,
  task: Pick<LaunchTask, 'layer' | 'bottom' | 'top' | 'pass' | 'lanes' | 'biasWanted' | 'words'>,
): { geometry: Geometry; pass: Pass } {
  const answer = accepts(manifest, request(task.layer, task.bottom, task.top, task.words));
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
    const options = {
      accumulate: weights && task.accumulate,
      biasOnly: weights && !task.weightsWanted,
      ...(task.fixed && { fixed: task.fixed, biasOffset: task.biasOffset ?? 0 }),
    };
    return describePass(geometry, pass, options, manifest.computeUnits.length).map((descriptors, computeUnit) => ({
      computeUnit,
      descriptors,
    }));
  };
}
