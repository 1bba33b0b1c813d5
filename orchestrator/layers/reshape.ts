import type { Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { create, type ReshapeParameter } from '../proto/index.ts';
import { countBetween, shapeText } from './axes.ts';
import type { LayerType } from './layer.ts';
import { RenamedShape, renamedLayouts } from './renamed.ts';

function refuse(message: string, path: string, expected: string): never {
  throw inputError({ message, path: `reshape_param > ${path}`, expected, code: 'reshape' });
}

/** The run of axes that the new ones replace: [begin, end). A negative axis counts from behind the last. */
function replaced({ axis, num_axes }: ReshapeParameter, bottom: Shape): [number, number] {
  const begin = axis >= 0 ? axis : bottom.length + axis + 1;
  if (begin < 0 || begin > bottom.length) {
    refuse(`axis ${axis} for ${shapeText(bottom)}`, 'axis', `an axis from ${-bottom.length - 1} to ${bottom.length}`);
  }
  const end = num_axes === -1 ? bottom.length : begin + num_axes;
  if (num_axes < -1 || end > bottom.length) {
    refuse(
      `num_axes ${num_axes} from axis ${begin} of ${shapeText(bottom)}`,
      'num_axes',
      `-1 to ${bottom.length - begin}`,
    );
  }
  return [begin, end];
}

/** 0 copies the bottom's size at the same place, -1 (once) takes what is left. */
export function reshaped(settings: ReshapeParameter | null, bottom: Shape): Shape {
  const given = settings ?? create('ReshapeParameter');
  const [begin, end] = replaced(given, bottom);
  let inferred = -1;
  const middle = (given.shape?.dim ?? []).map((dim, i) => {
    const path = `shape > dim[${i}]`;
    if (dim === 0) return bottom[begin + i] ?? refuse('dim 0 has no axis to copy', path, 'a size, or -1');
    if (dim > 0) return dim;
    if (dim < -1) refuse(`dim ${dim}`, path, 'a size > 0, 0 to copy, or -1 to infer');
    if (inferred >= 0) refuse('a second dim of -1', path, 'at most one');
    inferred = i;
    return 1;
  });
  const top = [...bottom.slice(0, begin), ...middle, ...bottom.slice(end)];
  const count = countBetween(bottom, 0);
  const rest = countBetween(top, 0);
  if (inferred >= 0) {
    if (rest === 0 || count % rest !== 0) {
      refuse(
        `${count} elements cannot be divided by ${rest}`,
        `shape > dim[${inferred}]`,
        'sizes whose product divides the count',
      );
    }
    top[begin + inferred] = count / rest;
  } else if (rest !== count) {
    refuse(`${shapeText(bottom)} cannot become ${shapeText(top)}`, 'shape', `${count} elements`);
  }
  return top;
}

/** The same elements under another shape. */
export const reshapeLayer: LayerType = {
  type: 'Reshape',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  layoutsFor: (param, [bottom]) => renamedLayouts(bottom!, reshaped(param.reshape_param, bottom!)),
  sharesData: true,
  backwardReads: { bottoms: false, tops: false },
  create: (param) => new RenamedShape((bottom) => reshaped(param.reshape_param, bottom)),
};
