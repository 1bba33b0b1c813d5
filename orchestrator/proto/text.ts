import { inputError } from '../core/index.ts';
import type { Messages, NetParameter, SolverParameter } from './messages.ts';
import { TextParser } from './parser.ts';
import { Source } from './spans.ts';
import { decodeString } from './strings.ts';
import { Token, Tokenizer } from './tokenizer.ts';
import { type TypeName, typeOf } from './types.ts';

/**
 * Reads a message from protobuf's text format, with the verdict of the C++ reader that Caffe uses.
 * Throws one input error with all problems found; the first is that reader's, with its line and column.
 */
export function parseText<N extends TypeName>(type: N, text: string | Uint8Array, file: string): Messages[N] {
  const source = new Source(file, typeof text === 'string' ? Buffer.from(text, 'utf8') : text);
  const parser = new TextParser(source);
  const message = parser.parse(typeOf(type));
  if (!message) throw inputError(parser.problems);
  return message as unknown as Messages[N];
}

/**
 * Whether the reader of this type gets past the first field name of the text. Of two types whose readers both fail, one that
 * does gets farther than one that does not.
 */
export function beginsAs(type: TypeName, bytes: Uint8Array): boolean {
  let clean = true;
  const tokens = new Tokenizer(bytes, () => {
    clean = false;
  });
  tokens.next();
  return (
    clean && tokens.type === Token.identifier && typeOf(type).byName.has(decodeString(bytes, tokens.start, tokens.end))
  );
}

/** A network description (prototxt), as written: legacy forms are not upgraded yet. */
export const parseNet = (text: string | Uint8Array, file: string): NetParameter =>
  parseText('NetParameter', text, file);

/** A solver description (prototxt), as written. */
export const parseSolver = (text: string | Uint8Array, file: string): SolverParameter =>
  parseText('SolverParameter', text, file);
