import type { Problem } from '../../core/index.ts';
import { Allowance } from '../allowance.ts';
import type { Source } from '../spans.ts';
import type { Field, MessageType } from '../types.ts';
import { unknownFieldHint } from './forks.ts';
import { Frame } from './frame.ts';
import { locateFirst } from './locate.ts';
import { MissingFields } from './missing.ts';
import type { Sink } from './sink.ts';
import { Token } from './tokenizer.ts';
import { shortened, ValueReader } from './values.ts';

/** Problems listed of one text; a file of another kind would otherwise give one per line. */
const MOST_PROBLEMS = 50;
/** Messages inside one another: the schema is not recursive, and NetParameter within SolverParameter is its deepest place. */
const DEEPEST = 16;

const COMMA = 44;
const COLON = 58;
const SEMICOLON = 59;
const LESS = 60;
const GREATER = 62;
const LIST = 91;
const END_OF_LIST = 93;
const OPEN = 123;
const CLOSE = 125;

/**
 * Reads a message in protobuf's text format with the verdicts of the C++ reader under default options, and hands its values to a sink. The
 * first problem is that reader's first error, word for word and place for place; where one can tell how to go on, later ones follow.
 */
export class TextParser extends ValueReader {
  /** What there is too much of, as a net; not a problem of the text. */
  excess: Problem | undefined;
  readonly #onExcess: (() => void) | undefined;
  readonly #allowance = new Allowance();
  readonly #frames = Array.from({ length: DEEPEST }, () => new Frame());
  #depth = 0;
  readonly #missing = new MissingFields();
  /** Set where the structure is lost; nothing more is read. */
  #lost = false;

  /**
   * A text that describes too large a net is read to its end where there is `onExcess`, which is called when the net passes its allowance;
   * else reading stops there, and `excess` is a problem.
   */
  constructor(source: Source, sink: Sink, onExcess?: () => void) {
    super(source, sink);
    this.#onExcess = onExcess;
  }

  /** Reads all of the text; false where `problems` has entries. */
  read(type: MessageType): boolean {
    const frame = this.#frames[0]!;
    frame.begin(type);
    this.tokens.next();
    while (this.tokens.type !== Token.end && !this.#lost) this.#field(frame);
    this.#missing.look(this.#frames, 0);
    if (this.excess && !this.#onExcess && this.problems.length === 0) this.problems.push(this.excess);
    if (this.problems.length === 0) this.problems.push(...this.#missing.problems(this.source, type));
    return this.problems.length === 0;
  }

  protected override problem(offset: number, message: string, extra: Partial<Problem>): void {
    const path = this.#pathText();
    this.problems.push({
      message: shortened(message),
      span: this.source.span(offset),
      ...(path ? { path } : {}),
      ...extra,
    });
    if (this.problems.length >= MOST_PROBLEMS) this.#lost = true;
  }

  #pathText(): string {
    const parts: string[] = [];
    for (let i = 1; i <= this.#depth; i++) parts.push(this.#frames[i]!.title());
    return parts.join(' > ');
  }

  protected override took(frame: Frame, field: Field, offset: number): void {
    frame.count(field);
    if (!field.repeated || this.excess || this.#allowance.take(frame.type, field)) return;
    this.excess = { ...this.#allowance.problem(field), span: this.source.span(offset) };
    if (this.#onExcess) this.#onExcess();
    else this.#lost = true;
  }

  #field(frame: Frame): void {
    const { tokens } = this;
    const { type } = frame;
    const offset = tokens.start;
    if (tokens.type !== Token.identifier) {
      if (this.lookingAt('[')) this.#extension(type);
      else this.#lose(`Expected identifier, got: ${this.tokenText()}`);
      return;
    }
    const field = frame.names.find(tokens.bytes, tokens.view, tokens.start, tokens.end);
    if (!field) {
      const name = this.tokenText();
      tokens.next();
      const hint = unknownFieldHint(type, name);
      this.report(`Message type "caffe.${type.name}" has no field named "${name}".`, {
        code: 'unknown-field',
        ...hint,
      });
      this.#skipUnknown();
      return;
    }
    tokens.next();
    if (!field.repeated && frame.has(field)) {
      this.#again(frame, field);
      return;
    }
    this.#fieldBody(frame, field, offset);
    if (tokens.symbol === SEMICOLON || tokens.symbol === COMMA) tokens.next();
  }

  #again(frame: Frame, { name }: Field): void {
    // Looked up for one problem only: each look-up reads the message again.
    const first = this.problems.length === 0 && locateFirst(this.tokens.bytes, frame.offset, name);
    this.report(`Non-repeated field "${name}" is specified multiple times.`, {
      code: 'repeated-field',
      expected:
        first === undefined || first === false
          ? `one ${name}`
          : `one ${name}; the first is at line ${this.source.span(first).line}`,
    });
    this.#skipUnknown();
  }

  #fieldBody(frame: Frame, field: Field, offset: number): void {
    const { tokens } = this;
    if (tokens.symbol === COLON) tokens.next();
    else if (field.type !== 'message') {
      this.report(`Expected ":", found "${this.tokenText()}".`);
      this.#skipValue();
      return;
    }
    if (field.repeated && tokens.symbol === LIST) this.#list(frame, field);
    else this.#value(frame, field, offset);
  }

  #list(frame: Frame, field: Field): void {
    this.tokens.next();
    if (this.lookingAt(']')) {
      this.tokens.next();
      return;
    }
    for (;;) {
      const before = this.problems.length;
      this.#value(frame, field, this.tokens.start);
      if (this.#lost || this.problems.length > before) return;
      if (this.lookingAt(']')) {
        this.tokens.next();
        return;
      }
      if (!this.lookingAt(',')) {
        this.report(`Expected ",", found "${this.tokenText()}".`);
        this.#skipValue();
        return;
      }
      this.tokens.next();
    }
  }

  /** One value of a field, or one entry of its list. */
  #value(frame: Frame, field: Field, offset: number): void {
    if (field.type === 'message') this.#subMessage(frame, field, offset);
    else if (this.scalarValue(frame, field, offset) === 'stuck') this.#skipValue();
  }

  #subMessage(frame: Frame, field: Field, offset: number): void {
    const { tokens } = this;
    const closing = tokens.symbol === LESS ? GREATER : CLOSE;
    if (closing === CLOSE && tokens.symbol !== OPEN) {
      this.#lose(`Expected "{", found "${this.tokenText()}".`);
      return;
    }
    tokens.next();
    this.took(frame, field, offset);
    if (this.#lost) return;
    this.sink.open(field, offset);
    // The schema is not recursive, so this recursion is a few calls deep whatever the text says.
    const inner = this.#frames[++this.#depth]!;
    inner.begin(field.inner, field, offset, frame.countOf(field) - 1);
    if (field.of === 'NetParameter') this.#allowance.begin();
    while (!this.#lost && tokens.symbol !== GREATER && tokens.symbol !== CLOSE) this.#field(inner);
    if (!this.#lost && tokens.symbol !== closing) {
      this.#lose(`Expected "${String.fromCharCode(closing)}", found "${this.tokenText()}".`);
    }
    if (this.#lost) return;
    this.#missing.look(this.#frames, this.#depth);
    this.#depth--;
    this.sink.close(field);
    tokens.next();
  }

  #extension(type: MessageType): void {
    this.tokens.next();
    let name = '';
    for (;;) {
      if (this.tokens.type !== Token.identifier) {
        this.#lose(`Expected identifier, got: ${this.tokenText()}`);
        return;
      }
      name += this.tokenText();
      this.tokens.next();
      if (!this.lookingAt('.')) break;
      name += '.';
      this.tokens.next();
    }
    if (!this.lookingAt(']')) {
      this.#lose(`Expected "]", found "${this.tokenText()}".`);
      return;
    }
    this.tokens.next();
    this.report(`Extension "${name}" is not defined or is not an extension of "caffe.${type.name}".`);
    this.#skipUnknown();
  }

  #newLine(from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (this.tokens.bytes[i] === 10) return true;
    return false;
  }

  #lose(message: string): void {
    this.report(message, { code: 'syntax' });
    this.#lost = true;
  }

  /** 1 where the current token opens a message or a list, -1 where it closes one. */
  #bracket(): number {
    const { symbol } = this.tokens;
    if (symbol === OPEN || symbol === LESS || symbol === LIST) return 1;
    return symbol === CLOSE || symbol === GREATER || symbol === END_OF_LIST ? -1 : 0;
  }

  /** Leaves out the value of a field that is not taken: `: scalar`, `: [...]`, `{...}`. Counts braces, so depth costs nothing. */
  #skipUnknown(): void {
    if (this.lookingAt(':')) this.tokens.next();
    if (this.#bracket() === 1) {
      let depth = 0;
      do {
        depth += this.#bracket();
        this.tokens.next();
      } while (depth > 0 && this.tokens.type !== Token.end);
      if (depth > 0) this.#lost = true;
    } else if (this.tokens.type === Token.string) {
      while (this.tokens.type === Token.string) this.tokens.next();
    } else {
      if (this.lookingAt('-')) this.tokens.next();
      if (this.lookingAt('}') || this.lookingAt('>')) return;
      this.tokens.next();
    }
    if (this.lookingAt(';') || this.lookingAt(',')) this.tokens.next();
  }

  /** After a value that could not be read: on to the next line, or to the end of the enclosing message. */
  #skipValue(): void {
    const { tokens } = this;
    let depth = 0;
    while (tokens.type !== Token.end) {
      const closes = this.lookingAt('}') || this.lookingAt('>');
      if (closes && depth === 0) return;
      if (this.lookingAt('{') || this.lookingAt('<')) depth++;
      if (closes) depth--;
      const end = tokens.end;
      tokens.next();
      if (depth === 0 && this.#newLine(end, tokens.start)) return;
    }
    if (depth > 0) this.#lost = true;
  }
}
