export { decode } from './decode.ts';
export { encode } from './encode.ts';
export { clear, clone, create, type Init, isSet, listOf } from './message.ts';
export * from './messages.ts';
export { inheritSpans, spanOf } from './spans.ts';
export { parseNet, parseSolver, parseText } from './text.ts';
export type { TypeName } from './types.ts';
