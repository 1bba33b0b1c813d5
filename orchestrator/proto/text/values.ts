import { nearest, type Problem } from '../../core/index.ts';
import type { Source } from '../spans.ts';
import { decodeString } from '../strings.ts';
import type { Field } from '../types.ts';
import type { Frame } from './frame.ts';
import {
  isHexLiteral,
  isOctalLiteral,
  LiteralBytes,
  parseFloatLiteral,
  parseInteger,
  StringPool,
  shortDecimal,
  shortFraction,
} from './literals.ts';
import type { Sink } from './sink.ts';
import { Token, Tokenizer } from './tokenizer.ts';

/** Whether the tokens of a value were consumed: a wrong one may be (`stored` without effect), or the reader may stand before it. */
type Consumed = 'stored' | 'stuck';

const limits: Record<string, bigint> = {
  int32: 2n ** 31n - 1n,
  enum: 2n ** 31n - 1n,
  int64: 2n ** 63n - 1n,
  uint32: 2n ** 32n - 1n,
  uint64: 2n ** 64n - 1n,
};

const BOOLS = new Map([
  ...(['true', 'True', 't'] as const).map((word) => [word as string, true] as const),
  ...(['false', 'False', 'f'] as const).map((word) => [word as string, false] as const),
]);

/** Bits of the single-precision NaN that has its sign set. */
const NEGATIVE_NAN = 0xffc00000n;

/** Characters of a message, which quotes a word of the text: that can be as long as the file. */
const LONGEST_MESSAGE = 1000;

export const shortened = (message: string): string =>
  message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;

/** The part of the text reader that takes scalar values off the tokens and hands them on. */
export abstract class ValueReader {
  readonly problems: Problem[] = [];
  protected readonly source: Source;
  protected readonly tokens: Tokenizer;
  protected readonly sink: Sink;
  readonly #pool = new StringPool();

  constructor(source: Source, sink: Sink) {
    this.source = source;
    this.sink = sink;
    this.tokens = new Tokenizer(source.bytes, (offset, message) => this.problem(offset, message, { code: 'syntax' }));
  }

  protected abstract problem(offset: number, message: string, extra: Partial<Problem>): void;

  /** A problem at the current token. */
  protected report(message: string, extra: Partial<Problem> = { code: 'syntax' }): void {
    this.problem(this.tokens.start, message, extra);
  }

  protected tokenText(): string {
    return decodeString(this.tokens.bytes, this.tokens.start, this.tokens.end);
  }

  /** Whether the current token is this one character. */
  protected lookingAt(symbol: string): boolean {
    return this.tokens.symbol === symbol.charCodeAt(0);
  }

  /** Counts a value of a field that was taken; `offset`: the byte of the field's name, or of the value in a list. */
  protected abstract took(frame: Frame, field: Field, offset: number): void;

  /** Reads one value of a scalar field and stores it, or reports what is wrong with it. */
  protected scalarValue(frame: Frame, field: Field, offset: number): Consumed {
    switch (field.type) {
      case 'string':
      case 'bytes':
        return this.#string(frame, field, offset);
      case 'bool':
        return this.#bool(frame, field, offset);
      case 'enum':
        return this.#enum(frame, field, offset);
      case 'float':
      case 'double':
        return this.#float(frame, field, offset);
      default: {
        const { tokens } = this;
        const small = tokens.type === Token.integer ? shortDecimal(tokens.bytes, tokens.start, tokens.end) : -1;
        if (small >= 0) {
          tokens.next();
          this.took(frame, field, offset);
          this.sink.integer(field, small);
          return 'stored';
        }
        const value = this.#integer(limits[field.type]!, field.type === 'int32' || field.type === 'int64');
        if (value === undefined) return 'stuck';
        // Beyond 2^53 the field reads as the nearest double (which size checks refuse); files keep the exact value.
        this.took(frame, field, offset);
        if (typeof value === 'bigint') this.sink.integer(field, Number(value), value);
        else this.sink.integer(field, value);
        return 'stored';
      }
    }
  }

  #wrong(expected: string, extra: Partial<Problem> = {}): Consumed {
    this.report(`Expected ${expected}, got: ${this.tokenText()}`, { code: 'bad-value', ...extra });
    return 'stuck';
  }

  #integer(limit: bigint, signed: boolean): number | bigint | undefined {
    const { tokens } = this;
    const negative = signed && this.lookingAt('-');
    if (negative) tokens.next();
    if (tokens.type !== Token.integer) {
      this.#wrong('integer', this.lookingAt('[') ? { hint: 'this field takes one value, not a list' } : {});
      return undefined;
    }
    const text = this.tokenText();
    const value = parseInteger(text);
    // Two's complement has room for one more negative number.
    const most = negative ? limit + 1n : limit;
    if (value === undefined || value > most) {
      this.report(`Integer out of range (${text})`, { code: 'bad-value', expected: `at most ${most}` });
      return undefined;
    }
    tokens.next();
    if (!negative) return value;
    return typeof value === 'bigint' ? -value : 0 - value;
  }

  #string(frame: Frame, field: Field, offset: number): Consumed {
    const { tokens } = this;
    if (tokens.type !== Token.string) return this.#wrong('string');
    const { bytes, start, end, plain } = tokens;
    tokens.next();
    this.took(frame, field, offset);
    if (plain && tokens.type !== Token.string) this.#content(frame, field, bytes, start + 1, end - 1);
    else {
      const content = new LiteralBytes();
      content.add(bytes, start, end);
      while (tokens.type === Token.string) {
        content.add(bytes, tokens.start, tokens.end);
        tokens.next();
      }
      const value = content.bytes();
      this.#content(frame, field, value, 0, value.length);
    }
    return 'stored';
  }

  #content(frame: Frame, field: Field, bytes: Uint8Array, start: number, end: number): void {
    if (field.name === 'name') frame.named(bytes, start, end);
    this.sink.content(field, bytes, start, end);
  }

  #bool(frame: Frame, field: Field, offset: number): Consumed {
    const { tokens } = this;
    if (tokens.type === Token.integer) {
      const value = this.#integer(1n, false);
      if (value === undefined) return 'stuck';
      this.took(frame, field, offset);
      this.sink.bool(field, value === 1);
      return 'stored';
    }
    if (tokens.type !== Token.identifier) return this.#wrong('identifier', { expected: 'true or false' });
    const text = this.tokenText();
    tokens.next();
    const value = BOOLS.get(text);
    if (value !== undefined) {
      this.took(frame, field, offset);
      this.sink.bool(field, value);
    } else {
      this.report(`Invalid value for boolean field "${field.name}". Value: "${text}".`, {
        code: 'bad-value',
        expected: 'true or false',
      });
    }
    return 'stored';
  }

  #enum(frame: Frame, field: Field, offset: number): Consumed {
    const { tokens } = this;
    const { numbers, names } = field.enumeration!;
    let text: string;
    let value: number | undefined;
    if (tokens.type === Token.identifier) {
      text = this.#pool.get(tokens.bytes, tokens.start, tokens.end);
      tokens.next();
      value = numbers.get(text);
    } else if (tokens.type === Token.integer || this.lookingAt('-')) {
      const number = this.#integer(limits.enum!, true);
      if (number === undefined) return 'stuck';
      text = String(number);
      value = names.has(Number(number)) ? Number(number) : undefined;
    } else return this.#wrong('integer or identifier', { expected: [...numbers.keys()].join(', ') });
    if (value !== undefined) {
      this.took(frame, field, offset);
      this.sink.integer(field, value);
    } else {
      const near = nearest(text, numbers.keys());
      this.report(`Unknown enumeration value of "${text}" for field "${field.name}".`, {
        code: 'bad-value',
        expected: [...numbers.keys()].join(', '),
        ...(near ? { hint: `did you mean ${near}?` } : {}),
      });
    }
    return 'stored';
  }

  #float(frame: Frame, field: Field, offset: number): Consumed {
    const { tokens } = this;
    const negative = this.lookingAt('-');
    if (negative) tokens.next();
    const { type, bytes, start, end } = tokens;
    const short =
      type === Token.float
        ? shortFraction(bytes, start, end)
        : type === Token.integer
          ? shortDecimal(bytes, start, end)
          : -1;
    if (short >= 0) {
      tokens.next();
      const exact = negative ? -short : short;
      // Six digits and a point.
      const decimal = end - start <= (type === Token.float ? 7 : 6) ? exact : Number.NaN;
      this.took(frame, field, offset);
      this.sink.real(field, field.type === 'float' ? Math.fround(exact) : exact, decimal);
      return 'stored';
    }
    const text = this.tokenText();
    let value: number;
    if (tokens.type === Token.integer) {
      if (isHexLiteral(text) || isOctalLiteral(text)) {
        this.report(`Expect a decimal number, got: ${text}`, { code: 'bad-value' });
        return 'stuck';
      }
      value = parseFloatLiteral(text);
    } else if (tokens.type === Token.float) value = parseFloatLiteral(text);
    else {
      const word = tokens.type === Token.identifier ? text.toLowerCase() : '';
      if (word === 'inf' || word === 'infinity') value = Number.POSITIVE_INFINITY;
      else if (word === 'nan') value = Number.NaN;
      else {
        // The reference shows a word in lower case.
        this.report(`Expected double, got: ${word || text}`, { code: 'bad-value' });
        return 'stuck';
      }
    }
    tokens.next();
    const bits = negative && Number.isNaN(value) ? NEGATIVE_NAN : undefined;
    const signed = negative ? -value : value;
    this.took(frame, field, offset);
    this.sink.real(field, field.type === 'float' ? Math.fround(signed) : signed, Number.NaN, bits);
    return 'stored';
  }
}
