import { CremaError } from '../core/index.ts';
import type { CType, CValue } from './types.ts';

const U64_END = 1n << 64n;
const I64_END = 1n << 63n;

function fits(type: CType, value: unknown): boolean {
  switch (type) {
    case 'pointer':
      return (
        ArrayBuffer.isView(value) || value === null || (typeof value === 'bigint' && value >= 0n && value < U64_END)
      );
    case 'i32':
      return typeof value === 'number' && (value | 0) === value;
    case 'u32':
      return typeof value === 'number' && value >>> 0 === value;
    case 'i64':
      return typeof value === 'number' ? Number.isSafeInteger(value) : isIn(value, -I64_END, I64_END);
    case 'u64':
    case 'size':
      return typeof value === 'number' ? Number.isSafeInteger(value) && value >= 0 : isIn(value, 0n, U64_END);
    case 'f32':
    case 'f64':
      return typeof value === 'number';
    case 'void':
      return false;
  }
}

function isIn(value: unknown, from: bigint, end: bigint): boolean {
  return typeof value === 'bigint' && value >= from && value < end;
}

const EXPECTED: Record<CType, string> = {
  pointer: 'a typed array, DataView, bigint address or null',
  i32: 'an integer in [-2^31, 2^31)',
  u32: 'an integer in [0, 2^32)',
  i64: 'a safe integer or a bigint in [-2^63, 2^63)',
  u64: 'a safe integer ≥ 0 or a bigint below 2^64',
  size: 'a safe integer ≥ 0 or a bigint below 2^64',
  f32: 'a number',
  f64: 'a number',
  void: 'nothing: void is no parameter',
};

function describe(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'bigint') return `the bigint ${value}`;
  if (typeof value === 'object' && value !== null) return `an object of class ${value.constructor?.name ?? 'null'}`;
  return `the ${typeof value} ${String(value)}`;
}

/**
 * Throws an internal CremaError unless `values` has exactly the declared count and kinds. The libraries are laxer: koffi takes strings and
 * objects for pointers and wraps integers out of range; both would reach C as wild memory or wrong numbers.
 */
export function checkArguments(symbol: string, parameters: readonly CType[], values: readonly CValue[]): void {
  if (values.length !== parameters.length) {
    throw new CremaError('internal', {
      message: `${symbol} was called with ${values.length} arguments`,
      expected: `${parameters.length}`,
      code: 'native-count',
    });
  }
  for (let i = 0; i < parameters.length; i++) {
    if (!fits(parameters[i]!, values[i])) refuse(symbol, i, parameters[i]!, values[i]);
  }
}

function refuse(symbol: string, index: number, type: CType, value: unknown): never {
  throw new CremaError('internal', {
    message: `${symbol}: argument ${index + 1} is ${describe(value)}`,
    expected: `${type}, ${EXPECTED[type]}`,
    code: 'native-kind',
  });
}
