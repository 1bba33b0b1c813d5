import type { Shape } from '../blob/index.ts';
import type { ConvolutionGeometry, Geometry } from './geometry.ts';
import type { ElementBits, Manifest } from './manifest.ts';

/** What a layer asks of the engine; spatial settings are [y, x]. Shapes are logical (no padding lanes). */
export interface KernelRequest {
  /** Caffe's layer type. */
  readonly type: string;
  readonly bottoms: readonly Shape[];
  readonly tops: readonly Shape[];
  readonly bias: boolean;
  /** How the operands are stored; default 32, fp32. */
  readonly elementBits?: ElementBits;
  /** Convolution. More or fewer than two spatial axes are refused. */
  readonly kernel?: readonly number[];
  readonly stride?: readonly number[];
  readonly pad?: readonly number[];
  readonly dilation?: readonly number[];
  readonly groups?: number;
  /** InnerProduct: the first axis of the flattened features, and weights stored [inputs][outputs]. */
  readonly axis?: number;
  readonly transposed?: boolean;
}

/** One geometry per bottom/top pair, or why the host runs the layer. */
export type Verdict =
  | { readonly accepted: true; readonly lanes: number; readonly geometries: readonly Geometry[] }
  | { readonly accepted: false; readonly reason: string };

const refuse = (reason: string): Verdict => ({ accepted: false, reason });

/** Lanes for a batch: the narrowest block that holds it, else the widest. Half-empty words waste the array. */
export function preferredLanes(manifest: Manifest, batch: number): number {
  const lanes = [...manifest.lanes].sort((a, b) => a - b);
  return lanes.find((l) => l >= batch) ?? lanes.at(-1)!;
}

function convolution(request: KernelRequest, bottom: Shape, top: Shape, lanes: number): ConvolutionGeometry | string {
  const pair = (values: readonly number[] | undefined, fill: number): [number, number] => [
    values?.[0] ?? fill,
    values?.[1] ?? fill,
  ];
  if (bottom.length !== 4 || (request.kernel?.length ?? 2) !== 2) {
    return `the engine takes 4 axes (N C H W) with 2 spatial ones, this blob has ${bottom.length}`;
  }
  const [batch, channels, height, width] = bottom as [number, number, number, number];
  const [, outputs, outHeight, outWidth] = top as [number, number, number, number];
  return {
    kind: 'convolution',
    ...{ batch, lanes, channels, height, width, outputs, outHeight, outWidth },
    kernel: pair(request.kernel, 1),
    stride: pair(request.stride, 1),
    pad: pair(request.pad, 0),
    dilation: pair(request.dilation, 1),
    groups: request.groups ?? 1,
    bias: request.bias,
  };
}

function innerProduct(request: KernelRequest, bottom: Shape, top: Shape, lanes: number): Geometry | string {
  const axis = request.axis ?? 1;
  if (axis !== 1) return `inner product over axis ${axis}: the engine flattens from axis 1`;
  return {
    kind: 'inner-product',
    batch: bottom[0]!,
    lanes,
    inputs: bottom.slice(1).reduce((a, b) => a * b, 1),
    outputs: top[1]!,
    transposed: request.transposed ?? false,
    bias: request.bias,
  };
}

/** Elements of the largest operand: the address generators count them in 32 bits. */
function largestOperand(g: Geometry): number {
  const images = Math.ceil(g.batch / g.lanes) * g.lanes;
  if (g.kind === 'inner-product') return Math.max(g.inputs * g.outputs, images * Math.max(g.inputs, g.outputs));
  return Math.max(
    images * g.channels * g.height * g.width,
    images * g.outputs * g.outHeight * g.outWidth,
    (g.outputs * g.channels * g.kernel[0] * g.kernel[1]) / g.groups,
  );
}

/** Does this bitstream run the layer? Every refusal says why; the host runs what is refused. */
export function accepts(manifest: Manifest, request: KernelRequest): Verdict {
  if (!manifest.operations.includes(request.type)) {
    return refuse(`${manifest.board}/${manifest.config} has no kernel for ${request.type}`);
  }
  const bits = request.elementBits ?? 32;
  if (!manifest.elementBits.includes(bits)) {
    return refuse(`${manifest.board}/${manifest.config} has no ${bits === 32 ? 'fp32' : `int${bits}`} engine`);
  }
  const geometries: Geometry[] = [];
  const lanes = preferredLanes(manifest, request.bottoms[0]?.[0] ?? 1);
  for (const [i, bottom] of request.bottoms.entries()) {
    const build = request.type === 'Convolution' ? convolution : innerProduct;
    const geometry = build(request, bottom, request.tops[i]!, lanes);
    if (typeof geometry === 'string') return refuse(geometry);
    if (geometry.kind === 'convolution') {
      const largest = Math.max(...geometry.kernel);
      if (largest > manifest.limits.kernelMax) {
        return refuse(`a kernel of ${largest} is larger than ${manifest.limits.kernelMax}`);
      }
    }
    const elements = largestOperand(geometry);
    if (elements === 0 || geometry.batch === 0) return refuse('an operand is empty');
    if (elements > manifest.limits.elementsMax) {
      return refuse(`an operand of ${elements} elements is larger than ${manifest.limits.elementsMax}`);
    }
    geometries.push(geometry);
  }
  return { accepted: true, lanes, geometries };
}
