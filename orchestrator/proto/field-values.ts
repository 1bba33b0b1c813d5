import { nearest, type Problem } from '../core/index.ts';
import {
  isHexLiteral,
  isOctalLiteral,
  isPlainLiteral,
  LiteralBytes,
  parseFloatLiteral,
  parseInteger,
  StringPool,
  shortDecimal,
  shortFraction,
} from './literals.ts';
import type { Values } from './message.ts';
import type { Source } from './spans.ts';
import { decodeString } from './strings.ts';
import { Token, Tokenizer } from './tokenizer.ts';
import { type Field, Message } from './types.ts';

/** Whether the tokens of a value were consumed: a wrong one may be (`stored` without effect), or the reader may stand before it. */
type Consumed = 'stored' | 'stuck';

const limits: Record<string, bigint> = {
  int32: 2n ** 31n - 1n,
  enum: 2n ** 31n - 1n,
  int64: 2n ** 63n - 1n,
  uint32: 2n ** 32n - 1n,
  uint64: 2n ** 64n - 1n,
};

/** Bits of the single-precision NaN that has its sign set. */
const NEGATIVE_NAN = 0xffc00000n;

/** The part of the text reader that takes scalar values off the tokens and puts them into messages. */
export abstract class FieldValues {
  readonly problems: Problem[] = [];
  protected readonly source: Source;
  protected readonly tokens: Tokenizer;
  protected readonly pool = new StringPool();

  constructor(source: Source) {
    this.source = source;
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

  protected store(message: Message & Values, field: Field, value: unknown, bits?: bigint): void {
    const { name } = field;
    if (!field.repeated) message[name] = value;
    else {
      // Unset, it reads as the shared empty list.
      const list = message[name] as unknown[];
      if (list === field.unset) message[name] = [value];
      else list.push(value);
    }
    if (bits === undefined) return;
    const key = field.repeated ? `${name}[${(message[name] as unknown[]).length - 1}]` : name;
    Message.setExact(message, key, bits);
  }

  /** Reads one value of a scalar field and stores it, or reports what is wrong with it. */
  protected scalarValue(message: Message & Values, field: Field): Consumed {
    switch (field.type) {
      case 'string':
      case 'bytes':
        return this.#string(message, field);
      case 'bool':
        return this.#bool(message, field);
      case 'enum':
        return this.#enum(message, field);
      case 'float':
      case 'double':
        return this.#float(message, field);
      default: {
        const value = this.#integer(limits[field.type]!, field.type === 'int32' || field.type === 'int64');
        if (value === undefined) return 'stuck';
        // Beyond 2^53 the field reads as the nearest double (which size checks refuse); files keep the exact value.
        if (typeof value === 'bigint') this.store(message, field, Number(value), value);
        else this.store(message, field, value);
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
    const small = shortDecimal(tokens.bytes, tokens.start, tokens.end);
    if (small >= 0 && limit > 1n) {
      tokens.next();
      return negative ? 0 - small : small;
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

  #string(message: Message & Values, field: Field): Consumed {
    const { tokens } = this;
    if (tokens.type !== Token.string) return this.#wrong('string');
    const { bytes, start, end } = tokens;
    const plain = isPlainLiteral(bytes, start, end);
    tokens.next();
    if (plain && field.type === 'string' && tokens.type !== Token.string) {
      this.store(message, field, this.pool.get(bytes, start + 1, end - 1));
      return 'stored';
    }
    const content = new LiteralBytes();
    content.add(bytes, start, end);
    while (tokens.type === Token.string) {
      content.add(bytes, tokens.start, tokens.end);
      tokens.next();
    }
    const value = content.bytes();
    this.store(message, field, field.type === 'bytes' ? value : decodeString(value));
    return 'stored';
  }

  #bool(message: Message & Values, field: Field): Consumed {
    const { tokens } = this;
    if (tokens.type === Token.integer) {
      const value = this.#integer(1n, false);
      if (value === undefined) return 'stuck';
      this.store(message, field, value === 1);
      return 'stored';
    }
    if (tokens.type !== Token.identifier) return this.#wrong('identifier', { expected: 'true or false' });
    const text = this.tokenText();
    tokens.next();
    if (text === 'true' || text === 'True' || text === 't') this.store(message, field, true);
    else if (text === 'false' || text === 'False' || text === 'f') this.store(message, field, false);
    else {
      this.report(`Invalid value for boolean field "${field.name}". Value: "${text}".`, {
        code: 'bad-value',
        expected: 'true or false',
      });
    }
    return 'stored';
  }

  #enum(message: Message & Values, field: Field): Consumed {
    const { tokens } = this;
    const { numbers, names } = field.enumeration!;
    let text: string;
    let value: number | undefined;
    if (tokens.type === Token.identifier) {
      text = this.tokenText();
      tokens.next();
      value = numbers.get(text);
    } else if (tokens.type === Token.integer || this.lookingAt('-')) {
      const number = this.#integer(limits.enum!, true);
      if (number === undefined) return 'stuck';
      text = String(number);
      value = names.has(Number(number)) ? Number(number) : undefined;
    } else return this.#wrong('integer or identifier', { expected: [...numbers.keys()].join(', ') });
    if (value !== undefined) this.store(message, field, value);
    else {
      const near = nearest(text, numbers.keys());
      this.report(`Unknown enumeration value of "${text}" for field "${field.name}".`, {
        code: 'bad-value',
        expected: [...numbers.keys()].join(', '),
        ...(near ? { hint: `did you mean ${near}?` } : {}),
      });
    }
    return 'stored';
  }

  #float(message: Message & Values, field: Field): Consumed {
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
      this.store(message, field, field.type === 'float' ? Math.fround(exact) : exact);
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
    this.store(message, field, field.type === 'float' ? Math.fround(signed) : signed, bits);
    return 'stored';
  }
}
