import { StringPool } from './literals.ts';
import { Token, Tokenizer } from './tokenizer.ts';

const OPEN = new Set(['{', '<', '['].map((c) => c.charCodeAt(0)));
const CLOSE = new Set(['}', '>', ']'].map((c) => c.charCodeAt(0)));
const COLON = 58;
const LIST = '['.charCodeAt(0);
const COMMA = 44;

/** Whether a message begins at the start of the text: then no brace opens it. */
export const WHOLE_TEXT = -1;

/**
 * Walks through the text of a message once more, from the message's name on, and tells of each value of each field the
 * offset of the field's name (of the value itself, for values of a list).
 */
function* valuesIn(bytes: Uint8Array, message: number): Generator<readonly [name: string, offset: number]> {
  const tokens = new Tokenizer(bytes, () => {}, Math.max(message, 0));
  const names = new StringPool();
  const symbol = (): number => (tokens.type === Token.symbol ? bytes[tokens.start]! : 0);
  tokens.next();
  if (message !== WHOLE_TEXT) {
    while (tokens.type !== Token.end && (!OPEN.has(symbol()) || symbol() === LIST)) tokens.next();
    tokens.next();
  }
  const ended = (): boolean => tokens.type === Token.end;
  while (!ended() && !CLOSE.has(symbol())) {
    const name = tokens.type === Token.identifier ? names.get(bytes, tokens.start, tokens.end) : undefined;
    const start = tokens.start;
    tokens.next();
    if (symbol() === COLON) tokens.next();
    const list = symbol() === LIST;
    if (name !== undefined && !list) yield [name, start];
    // The value: one token, or all up to the matching bracket. Separators and minus signs pass as tokens of their own.
    let depth = 0;
    let fresh = true;
    do {
      const s = symbol();
      if (OPEN.has(s)) depth++;
      else if (CLOSE.has(s)) depth--;
      if (name !== undefined && list && fresh && !(depth === 1 && s === LIST) && depth > 0) yield [name, tokens.start];
      fresh = depth === 1 && (s === LIST || s === COMMA);
      tokens.next();
    } while (depth > 0 && !ended());
  }
}

/** The offset of a field's first value in the text of a message; stops there. */
export function locateFirst(bytes: Uint8Array, message: number, field: string): number | undefined {
  for (const [name, offset] of valuesIn(bytes, message)) if (name === field) return offset;
  return undefined;
}

/** Offsets of all values in the text of a message, by field. */
export function locateAll(bytes: Uint8Array, message: number): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [name, offset] of valuesIn(bytes, message)) {
    const list = places.get(name);
    if (list) list.push(offset);
    else places.set(name, [offset]);
  }
  return places;
}
