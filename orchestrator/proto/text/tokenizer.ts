/** Kinds of tokens. `end` is reached once and stays. */
export const Token = { end: 0, identifier: 1, integer: 2, float: 3, string: 4, symbol: 5 } as const;
export type Token = (typeof Token)[keyof typeof Token];

export type ReportAt = (offset: number, message: string) => void;

const LETTER = 1;
const DIGIT = 2;
const OCTAL = 4;
const HEX = 8;
const BLANK = 16;
const CONTROL = 32;
const ESCAPE = 64;

/** Classes of the 256 byte values; 256 stands for the end of the text and is in no class. */
const classes = new Uint8Array(257);
function classify(characters: string, bit: number): void {
  for (const c of characters) classes[c.charCodeAt(0)]! |= bit;
}
for (let i = 1; i < 32; i++) classes[i]! |= CONTROL;
classify('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', LETTER);
classify('0123456789', DIGIT);
classify('01234567', OCTAL);
classify('0123456789abcdefABCDEF', HEX);
classify(' \n\t\r\v\f', BLANK);
classify('abfnrtv\\?\'"', ESCAPE);

// Plain numbers: a bundler can put them where they are used.
const NEWLINE = 10;
const QUOTE = 34;
const HASH = 35;
const APOSTROPHE = 39;
const COMMA = 44;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const BACKSLASH = 92;
const UNDERSCORE = 95;
const OPEN = 123;
const CLOSE = 125;

/**
 * Cuts a text into tokens, one at a time, with the rules and the complaints of protobuf's C++ reader (text format:
 * `#` comments, `f` may follow a float). It complains and goes on, as that one does; the caller decides when to stop.
 */
export class Tokenizer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  type: Token = Token.end;
  /** The current token where it is a symbol; else 0. */
  symbol = 0;
  /** The current token is bytes [start, end). */
  start = 0;
  end = 0;
  /** The current token is a string that is closed and has no escapes: its content is its bytes without the quotes. */
  plain = false;
  readonly #report: ReportAt;
  #at = 0;

  constructor(bytes: Uint8Array, report: ReportAt, at = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#report = report;
    this.#at = at;
  }

  #peek(at = this.#at): number {
    return at < this.bytes.length ? this.bytes[at]! : 256;
  }
  #is(bit: number): boolean {
    return (classes[this.#peek()]! & bit) !== 0;
  }
  #take(c: string, or = c): boolean {
    const b = this.#peek();
    if (b !== c.charCodeAt(0) && b !== or.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }
  #takeOne(bit: number): boolean {
    if (!this.#is(bit)) return false;
    this.#at++;
    return true;
  }
  #takeAll(bit: number): void {
    while (this.#is(bit)) this.#at++;
  }
  #complain(message: string): void {
    this.#report(this.#at, message);
  }

  /**
   * Moves to the next token. What most texts consist of is told here, by comparisons and in variables: a table and calls take twice as long,
   * and what V8 puts in line is little.
   */
  next(): void {
    const { bytes } = this;
    const { length } = bytes;
    let at = this.#at;
    while (at < length) {
      const b = bytes[at]!;
      if (b !== 32 && (b < 9 || b > 13)) break;
      at++;
    }
    const b = at < length ? bytes[at]! : 0;
    const lower = b | 32;
    if ((lower >= 97 && lower <= 122) || b === UNDERSCORE) {
      this.type = Token.identifier;
      this.symbol = 0;
      this.start = at++;
      while (at < length) {
        const c = bytes[at]!;
        const l = c | 32;
        if ((l < 97 || l > 122) && (c < ZERO || c > NINE) && c !== UNDERSCORE) break;
        at++;
      }
      this.#at = at;
      this.end = at;
    } else if (b === COLON || b === OPEN || b === CLOSE || b === COMMA) {
      this.type = Token.symbol;
      this.symbol = b;
      this.start = at;
      this.#at = at + 1;
      this.end = at + 1;
    } else if (!this.#plainValue(at, b)) {
      this.#at = at;
      this.#other();
    }
  }

  /** A value that is as plain as most are, and begins with `b` at `start`; false, with nothing taken, for all else. */
  #plainValue(start: number, b: number): boolean {
    if (b === QUOTE || b === APOSTROPHE) return this.#plainString(start, b);
    return b >= ZERO && b <= NINE && this.#plainNumber(start, b === ZERO);
  }

  /** A string that is closed and has neither escapes nor control characters; false, with nothing taken, where it is not as plain as that. */
  #plainString(start: number, delimiter: number): boolean {
    const { bytes } = this;
    const { length } = bytes;
    for (let at = start + 1; at < length; at++) {
      const b = bytes[at]!;
      if (b === delimiter) {
        this.type = Token.string;
        this.plain = true;
        this.symbol = 0;
        this.start = start;
        this.#at = at + 1;
        this.end = at + 1;
        return true;
      }
      if (b < 32 || b === BACKSLASH) return false;
    }
    return false;
  }

  /** The rest: the end, what is skipped, and tokens that are not plain. */
  #other(): void {
    const start = this.#at;
    const b = this.#peek();
    if (b === HASH || b === 0 || this.#is(CONTROL)) {
      this.#skipBlanks();
      this.next();
      return;
    }
    const before = this.type;
    const beforeEnd = this.end;
    this.symbol = 0;
    this.start = start;
    if (start === this.bytes.length) {
      this.type = Token.end;
      this.end = start;
      return;
    }
    this.#at = start + 1;
    if (b >= ZERO && b <= NINE) this.type = this.#number(b === ZERO, false);
    else if (b === QUOTE || b === APOSTROPHE) {
      this.#string(b);
      this.type = Token.string;
    } else if (b === DOT && this.#takeOne(DIGIT)) {
      if (before === Token.identifier && beforeEnd === start) {
        this.#report(start, 'Need space between identifier and decimal point.');
      }
      this.type = this.#number(false, true);
    } else {
      if (b >= 0x80) this.#report(start, `Interpreting non ascii codepoint ${b}.`);
      this.type = Token.symbol;
      this.symbol = b;
    }
    this.end = this.#at;
  }

  /** Moves to the next byte that belongs to a token, or to the end. */
  #skipBlanks(): void {
    for (;;) {
      this.#takeAll(BLANK);
      const b = this.#peek();
      if (b === HASH) this.#skipComment();
      else if (b === 0 || this.#is(CONTROL)) {
        this.#complain('Invalid control characters encountered in text.');
        // Blanks other than the space count as control characters here, as in the reference.
        while (this.#peek() === 0 || this.#is(CONTROL)) this.#at++;
      } else return;
    }
  }

  /** A comment ends after its line, or before a NUL. */
  #skipComment(): void {
    let at = this.#at;
    while (at < this.bytes.length && this.bytes[at] !== NEWLINE && this.bytes[at] !== 0) at++;
    this.#at = this.bytes[at] === NEWLINE ? at + 1 : at;
  }

  /** A number such as `12` or `0.25`. */
  #plainNumber(start: number, startsWithZero: boolean): boolean {
    const { bytes } = this;
    const { length } = bytes;
    let at = start + 1;
    if (!startsWithZero) while (at < length && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
    const isFloat = at < length && bytes[at] === DOT;
    if (isFloat) {
      at++;
      while (at < length && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
    }
    if (at < length && (bytes[at] === DOT || (classes[bytes[at]!]! & (LETTER | DIGIT)) !== 0)) return false;
    this.type = isFloat ? Token.float : Token.integer;
    this.symbol = 0;
    this.start = start;
    this.#at = at;
    this.end = at;
    return true;
  }

  #number(startedWithZero: boolean, startedWithDot: boolean): Token {
    let isFloat = startedWithDot;
    if (startedWithZero && this.#take('x', 'X')) {
      if (!this.#is(HEX)) this.#complain('"0x" must be followed by hex digits.');
      this.#takeAll(HEX);
    } else if (startedWithZero && this.#is(DIGIT)) {
      this.#takeAll(OCTAL);
      if (this.#is(DIGIT)) {
        this.#complain('Numbers starting with leading zero must be in octal.');
        this.#takeAll(DIGIT);
      }
    } else {
      this.#takeAll(DIGIT);
      if (!startedWithDot && this.#take('.')) {
        isFloat = true;
        this.#takeAll(DIGIT);
      }
      if (this.#take('e', 'E')) {
        isFloat = true;
        this.#take('-', '+');
        if (!this.#is(DIGIT)) this.#complain('"e" must be followed by exponent.');
        this.#takeAll(DIGIT);
      }
      if (this.#take('f', 'F')) isFloat = true;
    }
    if (this.#is(LETTER)) this.#complain('Need space between number and identifier.');
    else if (this.#peek() === DOT) {
      this.#complain(
        isFloat
          ? "Already saw decimal point or exponent; can't have another one."
          : 'Hex and octal numbers must be integers.',
      );
    }
    return isFloat ? Token.float : Token.integer;
  }

  #string(delimiter: number): void {
    const { bytes } = this;
    this.plain = false;
    for (;;) {
      const b = this.#peek();
      if (b === 256 || b === 0) {
        this.#complain('Unexpected end of string.');
        return;
      }
      if (b === NEWLINE) {
        this.#complain('String literals cannot cross line boundaries.');
        return;
      }
      this.#at++;
      if (b === delimiter) return;
      if (b === BACKSLASH) this.#escape();
      else {
        let at = this.#at;
        while (at < bytes.length && bytes[at]! > BACKSLASH) at++;
        this.#at = at;
      }
    }
  }

  #escape(): void {
    // Further octal or hex digits are ordinary characters as far as the cut is concerned.
    if (this.#takeOne(ESCAPE) || this.#takeOne(OCTAL)) return;
    if (this.#take('x')) {
      if (!this.#takeOne(HEX)) this.#complain('Expected hex digits for escape sequence.');
    } else if (this.#take('u')) {
      for (let i = 0; i < 4; i++) {
        if (!this.#takeOne(HEX)) {
          this.#complain('Expected four hex digits for \\u escape sequence.');
          return;
        }
      }
    } else if (this.#take('U')) {
      let fits = this.#take('0') && this.#take('0') && this.#take('0', '1');
      for (let i = 0; fits && i < 5; i++) fits = this.#takeOne(HEX);
      if (!fits) this.#complain('Expected eight hex digits up to 10ffff for \\U escape sequence');
    } else this.#complain('Invalid escape sequence in string literal.');
  }
}
