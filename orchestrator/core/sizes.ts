import { CremaError } from './errors.ts';

/** The product of dimensions, refused where it leaves the range in which a double is an exact integer or `limit`. */
export function checkedProduct(dims: readonly number[], what: string, limit = Number.MAX_SAFE_INTEGER): number {
  let product = 1;
  for (const d of dims) {
    if (!Number.isSafeInteger(d) || d < 0) {
      throw new CremaError('input', {
        message: `${what} has the size ${d}`,
        expected: 'an integer ≥ 0',
        code: 'bad-size',
      });
    }
    product *= d;
    if (product > limit) {
      throw new CremaError('input', {
        message: `${what} [${dims.join(' ')}] has more than ${limit} elements`,
        code: 'size-overflow',
        hint: 'check kernel, stride, num_output and batch size',
      });
    }
  }
  return product;
}

export const ceilDivide = (a: number, b: number): number => Math.ceil(a / b);

/** The smallest multiple of `unit` that is not below `n`. */
export const roundUp = (n: number, unit: number): number => Math.ceil(n / unit) * unit;
