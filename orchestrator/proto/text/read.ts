import { inputError } from '../../core/index.ts';
import type { Messages, NetParameter, SolverParameter } from '../messages.ts';
import { Source } from '../spans.ts';
import { decodeString } from '../strings.ts';
import { type TypeName, typeOf } from '../types.ts';
import { Builder } from './builder.ts';
import { TextParser } from './parser.ts';
import { Token, Tokenizer } from './tokenizer.ts';

const sourceOf = (text: string | Uint8Array, file: string): Source =>
  new Source(file, typeof text === 'string' ? Buffer.from(text, 'utf8') : text);

function build<N extends TypeName>(type: N, source: Source, onExcess?: () => void): Messages[N] {
  const builder = new Builder(typeOf(type), source);
  const parser = new TextParser(source, builder, onExcess);
  if (!parser.read(typeOf(type))) throw inputError(parser.problems);
  return builder.message as unknown as Messages[N];
}

/**
 * Reads a message from protobuf's text format, with the verdict of the C++ reader that Caffe uses.
 * Throws one input error with all problems found; the first is that reader's, with its line and column.
 */
export function parseText<N extends TypeName>(type: N, text: string | Uint8Array, file: string): Messages[N] {
  return build(type, sourceOf(text, file), () => {});
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

/**
 * A network description (prototxt), as written: legacy forms are not upgraded yet. One that is larger than its allowance is refused
 * where it passes that; nothing after it is read.
 */
export const parseNet = (text: string | Uint8Array, file: string): NetParameter =>
  build('NetParameter', sourceOf(text, file));

/** A solver description (prototxt), as written; nets in it as `parseNet` takes them. */
export const parseSolver = (text: string | Uint8Array, file: string): SolverParameter =>
  build('SolverParameter', sourceOf(text, file));
