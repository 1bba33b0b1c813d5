import { internalError } from '../core/index.ts';
import { checkArguments } from './arguments.ts';
import type { CType, CValue, NativeFunction } from './types.ts';

/** When the value called `a` fits, as an expression: what checkArguments says in a loop, at a tenth of its cost. */
function fits(type: CType, a: string): string {
  switch (type) {
    case 'pointer':
      return `(typeof ${a} === 'bigint' ? ${a} === asUintN(64, ${a}) : ${a} === null || isView(${a}))`;
    case 'i32':
      return `(typeof ${a} === 'number' && (${a} | 0) === ${a})`;
    case 'u32':
      return `(typeof ${a} === 'number' && ${a} >>> 0 === ${a})`;
    case 'i64':
      return `(typeof ${a} === 'number' ? isSafe(${a}) : typeof ${a} === 'bigint' && ${a} === asIntN(64, ${a}))`;
    case 'u64':
    case 'size':
      return `(typeof ${a} === 'number' ? isSafe(${a}) && ${a} >= 0 : typeof ${a} === 'bigint' && ${a} === asUintN(64, ${a}))`;
    case 'f32':
    case 'f64':
      return `typeof ${a} === 'number'`;
    case 'void':
      return 'false';
  }
}

/** The body of a native call after its arguments were found good; `names` are the arguments, `scope` what the body may name. */
export interface CallBody {
  readonly source: (names: readonly string[]) => string;
  readonly scope: Readonly<Record<string, unknown>>;
}

/**
 * A JavaScript function made for one signature: checks and call unrolled, no array of arguments. Checking costs 10-60 ns this way, 100-500 ns
 * in a loop (measured by bench/ffi.ts). Its source holds nothing but our own type table: no symbol, path or value of a user.
 */
export function compileCall(symbol: string, parameters: readonly CType[], body: CallBody): NativeFunction {
  const names = parameters.map((_, i) => `a${i}`);
  const good = parameters.map((type, i) => fits(type, names[i]!)).join(' && ') || 'true';
  const refuse = (values: ArrayLike<CValue>): never => {
    checkArguments(symbol, parameters, Array.from(values));
    throw internalError(`${symbol}: the two checks of arguments disagree`);
  };
  const scope: Record<string, unknown> = {
    refuse,
    asUintN: BigInt.asUintN,
    asIntN: BigInt.asIntN,
    isView: ArrayBuffer.isView,
    isSafe: Number.isSafeInteger,
    ...body.scope,
  };
  const source = `'use strict';
return function (${names.join(', ')}) {
  if (arguments.length !== ${names.length} || !(${good})) refuse(arguments);
  ${body.source(names)}
};`;
  return new Function(...Object.keys(scope), source)(...Object.values(scope)) as NativeFunction;
}
