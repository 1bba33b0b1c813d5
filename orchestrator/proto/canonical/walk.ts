import { exactBits, type Values } from '../message.ts';
import { presentFields } from '../present.ts';
import { encodeString } from '../strings.ts';
import type { Sink } from '../text/sink.ts';
import type { Field, Message } from '../types.ts';

const NOWHERE = -1;

function scalar(message: Message, field: Field, value: unknown, index: number, sink: Sink): void {
  switch (field.type) {
    case 'string':
    case 'bytes': {
      const bytes = field.type === 'bytes' ? (value as Uint8Array) : encodeString(value as string);
      sink.content(field, bytes, 0, bytes.length);
      return;
    }
    case 'bool':
      sink.bool(field, value as boolean);
      return;
    case 'float':
    case 'double':
      sink.real(field, value as number, Number.NaN, exactBits(message, field, index));
      return;
    default:
      sink.integer(field, value as number, exactBits(message, field, index));
  }
}

/** Hands on the values of a message object, as the reader of texts does those of a text. */
export function walk(message: Message, sink: Sink): void {
  for (const field of presentFields(message)) {
    const value = (message as Message & Values)[field.name];
    const list = field.repeated ? (value as ArrayLike<unknown>) : [value];
    for (let i = 0; i < list.length; i++) {
      if (field.type !== 'message') scalar(message, field, list[i], i, sink);
      else {
        sink.open(field, NOWHERE);
        walk(list[i] as Message, sink);
        sink.close(field);
      }
    }
  }
}
