import { createHash } from 'node:crypto';
import { inputError, type Problem } from '../../core/index.ts';
import { encode } from '../encode.ts';
import { messageType } from '../message.ts';
import { Source } from '../spans.ts';
import { TextParser } from '../text/parser.ts';
import { type Message, type TypeName, typeOf } from '../types.ts';
import { Digest } from './digest.ts';
import { walk } from './walk.ts';

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

function digestOf(message: object): Digest {
  const digest = new Digest(messageType(message));
  walk(message as Message, digest);
  return digest;
}

/**
 * A message as JSON in the canonical form of RFC 8785: original field names, only fields that are set, enumerations by
 * name, 64-bit integers as strings, keys sorted, no spaces.
 */
export const canonicalJson = (message: object): string => Buffer.from(digestOf(message).json()).toString();

/** SHA-256 (hex) of the canonical JSON: equal for texts that mean the same. */
export const canonicalHash = (message: object): string => sha256(digestOf(message).json());

/** SHA-256 (hex) of the binary form. */
export function wireHash(message: object): string {
  const { name } = messageType(message);
  return sha256(encode(name, message as Parameters<typeof encode<TypeName>>[1]));
}

/** A text's hashes, of any size. */
export interface HashedText {
  readonly wire: string;
  /** Not there with `excess`: nothing is made of such a text, and its JSON would take as long as all else. */
  readonly canonical: string | undefined;
  /** What there is too much of to make anything of the text. */
  readonly excess: Problem | undefined;
}

/** Bytes of a text from which on its JSON is written only once the net is known to be within its allowance. */
const LARGE = 1 << 20;

/** Reads a text with the verdict of `parseText` and hashes what it means, without making a message of it. Throws as that does. */
export function hashText(type: TypeName, bytes: Uint8Array, file: string): HashedText {
  const source = new Source(file, bytes);
  const first = new Digest(typeOf(type), bytes.length);
  if (bytes.length > LARGE) first.dropJson();
  const parser = new TextParser(source, first, () => first.dropJson());
  if (!parser.read(typeOf(type))) throw inputError(parser.problems);
  const { excess } = parser;
  const wire = sha256(first.wire());
  if (excess) return { wire, canonical: undefined, excess };
  if (bytes.length <= LARGE) return { wire, canonical: sha256(first.json()), excess };
  const second = new Digest(typeOf(type), bytes.length);
  new TextParser(source, second, () => {}).read(typeOf(type));
  return { wire, canonical: sha256(second.json()), excess };
}
