import type { Problem } from '../core/index.ts';
import { FieldValues } from './field-values.ts';
import { unknownFieldHint } from './forks.ts';
import { locateFirst, WHOLE_TEXT } from './locate.ts';
import type { Values } from './message.ts';
import { missingRequired } from './required.ts';
import { spanOf } from './spans.ts';
import { Token } from './tokenizer.ts';
import { type Field, Message, type MessageType, typeOf } from './types.ts';

/** Problems listed of one text; a file of another kind would otherwise give one per line. */
const MOST_PROBLEMS = 50;
/** Characters of a message, which quotes a word of the text: that can be as long as the file. */
const LONGEST_MESSAGE = 1000;

/**
 * Reads a message in protobuf's text format with the verdicts of the C++ reader under default options. The first problem
 * is that reader's first error, word for word and place for place; where one can tell how to go on, later ones follow.
 */
export class TextParser extends FieldValues {
  readonly #path: { message: Message & Values; field: Field; index: number }[] = [];
  /** Set where the structure is lost; nothing more is read. */
  #lost = false;

  /** The message, or undefined where `problems` has entries. */
  parse(type: MessageType): Message | undefined {
    const message = this.#open(type, WHOLE_TEXT);
    this.tokens.next();
    while (this.tokens.type !== Token.end && !this.#lost) this.#field(message);
    if (this.problems.length === 0) {
      const missing = missingRequired(message);
      if (missing.length > 0) {
        const text = `Message missing required fields: ${missing.map((m) => m.path).join(', ')}`;
        const place = spanOf(missing[0]!.owner);
        // Line 0 stands for the message as a whole.
        this.problems.push({
          message: text,
          span: { file: this.source.file, line: 0, column: 1 },
          ...(place ? { hint: `the message is at line ${place.line}, column ${place.column}` } : {}),
          code: 'missing-required',
        });
      }
    }
    return this.problems.length > 0 ? undefined : message;
  }

  protected override problem(offset: number, message: string, extra: Partial<Problem>): void {
    const path = this.#pathText();
    const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
    this.problems.push({ message: short, span: this.source.span(offset), ...(path ? { path } : {}), ...extra });
    if (this.problems.length >= MOST_PROBLEMS) this.#lost = true;
  }

  #pathText(): string {
    return this.#path
      .map(({ message, field, index }) => {
        const name = field.name.startsWith('layer') && Object.hasOwn(message, 'name') ? message.name : undefined;
        return (name as string | undefined) || (field.repeated ? `${field.name}[${index}]` : field.name);
      })
      .join(' > ');
  }

  #open(type: MessageType, offset: number): Message & Values {
    const message = new type.make() as Message & Values;
    Message.place(message, this.source, offset);
    return message;
  }

  #field(message: Message & Values): void {
    const { tokens } = this;
    const type = message.$type;
    const offset = tokens.start;
    if (this.lookingAt('[')) {
      this.#extension(type);
      return;
    }
    if (tokens.type !== Token.identifier) {
      this.#lose(`Expected identifier, got: ${this.tokenText()}`);
      return;
    }
    const name = this.pool.get(tokens.bytes, tokens.start, tokens.end);
    tokens.next();
    const field = type.byName.get(name);
    if (!field) {
      const hint = unknownFieldHint(type, name);
      this.report(`Message type "caffe.${type.name}" has no field named "${name}".`, {
        code: 'unknown-field',
        ...hint,
      });
      this.#skipUnknown();
      return;
    }
    if (!field.repeated && Object.hasOwn(message, name)) {
      // Looked up for one problem only: each look-up reads the message again.
      const first = this.problems.length === 0 && locateFirst(tokens.bytes, Message.offset(message), name);
      this.report(`Non-repeated field "${name}" is specified multiple times.`, {
        code: 'repeated-field',
        expected:
          first === undefined || first === false
            ? `one ${name}`
            : `one ${name}; the first is at line ${this.source.span(first).line}`,
      });
      this.#skipUnknown();
      return;
    }
    this.#fieldBody(message, field, offset);
    if (this.lookingAt(';') || this.lookingAt(',')) tokens.next();
  }

  #fieldBody(message: Message & Values, field: Field, offset: number): void {
    const isMessage = field.type === 'message';
    if (this.lookingAt(':')) this.tokens.next();
    else if (!isMessage) {
      this.report(`Expected ":", found "${this.tokenText()}".`);
      this.#skipValue();
      return;
    }
    if (!field.repeated || !this.lookingAt('[')) {
      this.#value(message, field, offset);
      return;
    }
    this.tokens.next();
    if (!Object.hasOwn(message, field.name)) message[field.name] = [];
    if (this.lookingAt(']')) {
      this.tokens.next();
      return;
    }
    for (;;) {
      const before = this.problems.length;
      this.#value(message, field, this.tokens.start);
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
  #value(message: Message & Values, field: Field, offset: number): void {
    if (field.type === 'message') this.#subMessage(message, field, offset);
    else if (this.scalarValue(message, field) === 'stuck') this.#skipValue();
  }

  #subMessage(message: Message & Values, field: Field, offset: number): void {
    const closing = this.lookingAt('<') ? '>' : '}';
    if (closing === '}' && !this.lookingAt('{')) {
      this.#lose(`Expected "{", found "${this.tokenText()}".`);
      return;
    }
    this.tokens.next();
    const inner = this.#open(typeOf(field.of!), offset);
    this.store(message, field, inner);
    const index = field.repeated ? (message[field.name] as unknown[]).length - 1 : 0;
    // The schema is not recursive, so this recursion is at most six calls deep whatever the text says.
    this.#path.push({ message: inner, field, index });
    while (!this.#lost && !this.lookingAt('>') && !this.lookingAt('}')) this.#field(inner);
    if (!this.#lost && !this.lookingAt(closing)) this.#lose(`Expected "${closing}", found "${this.tokenText()}".`);
    if (this.#lost) return;
    this.#path.pop();
    this.tokens.next();
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
    if (this.tokens.symbol === 0) return 0;
    const symbol = String.fromCharCode(this.tokens.symbol);
    return '{<['.includes(symbol) ? 1 : '}>]'.includes(symbol) ? -1 : 0;
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
