import type { Values } from '../message.ts';
import type { Source } from '../spans.ts';
import { type Field, Message, type MessageType } from '../types.ts';
import { StringPool } from './literals.ts';
import { WHOLE_TEXT } from './locate.ts';
import type { Sink } from './sink.ts';

/** Makes message objects of what is read; they know their places in the text. */
export class Builder implements Sink {
  readonly message: Message;
  private readonly source: Source;
  private readonly pool = new StringPool();
  private readonly outer: (Message & Values)[] = [];
  private current: Message & Values;

  constructor(type: MessageType, source: Source) {
    this.source = source;
    this.current = this.make(type, WHOLE_TEXT);
    this.message = this.current;
  }

  private make(type: MessageType, offset: number): Message & Values {
    const message = new type.make() as Message & Values;
    Message.place(message, this.source, offset);
    return message;
  }

  private store(field: Field, value: unknown, bits?: bigint): void {
    const { current } = this;
    const { name } = field;
    if (!field.repeated) current[name] = value;
    else {
      // Unset, it reads as the shared empty list.
      const list = current[name] as unknown[];
      if (list === field.unset) current[name] = [value];
      else list.push(value);
    }
    if (bits === undefined) return;
    const key = field.repeated ? `${name}[${(current[name] as unknown[]).length - 1}]` : name;
    Message.setExact(current, key, bits);
  }

  open(field: Field, offset: number): void {
    const inner = this.make(field.inner, offset);
    this.store(field, inner);
    this.outer.push(this.current);
    this.current = inner;
  }

  close(): void {
    this.current = this.outer.pop()!;
  }

  integer(field: Field, value: number, bits?: bigint): void {
    this.store(field, value, bits);
  }

  bool(field: Field, value: boolean): void {
    this.store(field, value);
  }

  real(field: Field, value: number, _decimal: number, bits?: bigint): void {
    this.store(field, value, bits);
  }

  content(field: Field, bytes: Uint8Array, start: number, end: number): void {
    this.store(field, field.type === 'bytes' ? bytes.slice(start, end) : this.pool.get(bytes, start, end));
  }
}
