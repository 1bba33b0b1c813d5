import type { Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import type { PoolGeometry } from '../math/pooling.ts';
import { isSet, type PoolingParameter, PoolingParameter_RoundMode as Round } from '../proto/index.ts';
import { shapeText } from './axes.ts';

type Pair = readonly [number, number];

const refuse = (field: string, message: string, expected: string, code: string) =>
  inputError({ message, path: field === 'bottom' ? field : `pooling_param > ${field}`, expected, code });

/** Spatial layers of Caffe's that know two axes only. */
export function checkFourAxes(bottom: Shape, what: string): void {
  if (bottom.length === 4) return;
  throw refuse('bottom', `${what} gets a bottom of shape ${shapeText(bottom)}`, '4 axes: N, C, H, W', 'axes');
}

/** A pair from `field`, or from `field_h` and `field_w`. */
function pair(p: PoolingParameter, field: 'stride' | 'pad'): Pair {
  const h = `${field}_h` as const;
  const w = `${field}_w` as const;
  if (!isSet(p, h) && !isSet(p, w)) return [p[field], p[field]];
  if (isSet(p, field) || !isSet(p, h) || !isSet(p, w)) {
    throw refuse(h, `${field}, ${h} and ${w} do not go together so`, `${field}, or both ${h} and ${w}`, 'kernel-form');
  }
  return [p[h], p[w]];
}

function kernelOf(p: PoolingParameter, height: number, width: number): Pair {
  const both = isSet(p, 'kernel_h') && isSet(p, 'kernel_w');
  const any = isSet(p, 'kernel_size') || isSet(p, 'kernel_h') || isSet(p, 'kernel_w');
  if (p.global_pooling) {
    if (!any) return [height, width];
    throw refuse('kernel_size', 'global_pooling with a kernel', 'no kernel: it is the whole input', 'kernel-form');
  }
  if (isSet(p, 'kernel_size') === both) {
    throw refuse(
      'kernel_size',
      'no unambiguous kernel',
      'either kernel_size or both kernel_h and kernel_w',
      'kernel-form',
    );
  }
  return isSet(p, 'kernel_size') ? [p.kernel_size, p.kernel_size] : [p.kernel_h, p.kernel_w];
}

/**
 * Pooled size of one axis: rounded up (or down by round_mode), and with padding the last window is dropped where it would
 * start beyond the input and its leading padding.
 */
export function pooledSize(
  size: number,
  kernel: number,
  stride: number,
  pad: number,
  padded: boolean,
  floor = false,
): number {
  const steps = (size + 2 * pad - kernel) / stride;
  const out = (floor ? Math.floor(steps) : Math.ceil(steps)) + 1;
  return padded && (out - 1) * stride >= size + pad ? out - 1 : out;
}

/** Decodes kernel, stride and pad of `pooling_param` for a bottom [N, C, H, W]. Throws input errors that name the field. */
export function decodePooling(p: PoolingParameter, bottom: Shape): PoolGeometry {
  checkFourAxes(bottom, 'Pooling');
  const [, , height, width] = bottom as [number, number, number, number];
  const kernel = kernelOf(p, height, width);
  const stride = pair(p, 'stride');
  const pad = pair(p, 'pad');
  for (const i of [0, 1] as const) {
    if (kernel[i] < 1 && !p.global_pooling)
      throw refuse('kernel_size', `a kernel of ${kernel[i]}`, 'at least 1', 'kernel-range');
    if (stride[i] < 1) throw refuse('stride', `a stride of ${stride[i]}`, 'at least 1', 'stride-range');
    if (p.global_pooling && (pad[i] !== 0 || stride[i] !== 1)) {
      throw refuse('global_pooling', 'global_pooling with pad or stride', 'pad 0 and stride 1', 'kernel-form');
    }
    if (pad[i] !== 0 && pad[i] >= kernel[i]) {
      throw refuse('pad', `a pad of ${pad[i]}`, `less than the kernel ${kernel[i]}`, 'pad-range');
    }
  }
  const padded = pad[0] > 0 || pad[1] > 0;
  const size = (i: 0 | 1, length: number) =>
    pooledSize(length, kernel[i], stride[i], pad[i], padded, p.round_mode === Round.FLOOR);
  const out: Pair = [size(0, height), size(1, width)];
  if (out[0] < 0 || out[1] < 0) {
    const text = `a kernel of ${kernel.join(' × ')} on an input of ${height} × ${width} gives ${out.join(' × ')}`;
    throw refuse('kernel_size', text, 'a kernel within the padded input', 'kernel-too-large');
  }
  return { kernel, stride, pad, out };
}
