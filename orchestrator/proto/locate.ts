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
 * Finds the index-th value of a field in the text of a message by reading it once more, from the message's name on.
 * Places are asked for when something is wrong; a text without errors pays nothing for them.
 * Returns the offset of the field's name (for values of a list: of the value), or undefined.
 */
export function locateField(bytes: Uint8Array, message: number, name: string, index: number): number | undefined {
  const tokens = new Tokenizer(bytes, () => {}, Math.max(message, 0));
  const names = new StringPool();
  const symbol = (): number => (tokens.type === Token.symbol ? bytes[tokens.start]! : 0);
  tokens.next();
  if (message !== WHOLE_TEXT) {
    while (tokens.type !== Token.end && (!OPEN.has(symbol()) || symbol() === LIST)) tokens.next();
    tokens.next();
  }
  let left = index;
  const ended = (): boolean => tokens.type === Token.end;
  while (!ended() && !CLOSE.has(symbol())) {
    const matches = tokens.type === Token.identifier && names.get(bytes, tokens.start, tokens.end) === name;
    const start = tokens.start;
    tokens.next();
    if (symbol() === COLON) tokens.next();
    const list = symbol() === LIST;
    if (matches && !list && left-- === 0) return start;
    // The value: one token, or all up to the matching bracket. Separators and minus signs pass as tokens of their own.
    let depth = 0;
    let fresh = true;
    do {
      const s = symbol();
      if (OPEN.has(s)) depth++;
      else if (CLOSE.has(s)) depth--;
      if (matches && list && fresh && !(depth === 1 && s === LIST) && depth > 0 && left-- === 0) return tokens.start;
      fresh = depth === 1 && (s === LIST || s === COMMA);
      tokens.next();
    } while (depth > 0 && !ended());
  }
  return undefined;
}
