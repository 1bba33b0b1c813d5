import type { Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import type { BlobShape } from '../proto/index.ts';

/** Most axes of a blob, as in Caffe. */
export const MAX_AXES = 32;

/** The sizes a text declares. They are int64 there and int in Caffe: higher bits are dropped, then negative ones refused. */
export function declaredShape(shape: BlobShape, path: string): Shape {
  if (shape.dim.length > MAX_AXES) {
    throw inputError({
      message: `${shape.dim.length} axes`,
      path,
      expected: `at most ${MAX_AXES}`,
      code: 'too-many-axes',
    });
  }
  return shape.dim.map((dim, i) => {
    const size = Number(BigInt.asIntN(32, BigInt(dim)));
    if (size >= 0) return size;
    throw inputError({
      message: `dim ${dim}`,
      path: `${path} > dim[${i}]`,
      expected: 'a size ≥ 0',
      code: 'negative-size',
    });
  });
}
