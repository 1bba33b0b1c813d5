export * from './accumulator.ts';
export * from './exponents.ts';
export * from './format.ts';
export * from './output-unit.ts';
export * from './quantise.ts';
export * from './rounding.ts';
export * from './shape.ts';
export * from './sums.ts';
