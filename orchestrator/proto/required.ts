import type { Values } from './message.ts';
import { type Field, Message, type MessageType } from './types.ts';

export interface Missing {
  /** As protobuf writes it: `layer[0].clip_param.max`. */
  readonly path: string;
  /** The message that lacks the field. */
  readonly owner: Message;
}

interface Duties {
  readonly required: readonly Field[];
  /** Sub-messages that have required fields themselves or below, by field number: the others need no walk. */
  readonly parts: readonly Field[];
}

const cached = new Map<MessageType, Duties>();

/** The schema is not recursive, so this ends. */
function dutiesOf(type: MessageType): Duties {
  let duties = cached.get(type);
  if (!duties) {
    const demanding = (f: Field): boolean => {
      if (f.type !== 'message') return false;
      const { required, parts } = dutiesOf(f.inner);
      return required.length > 0 || parts.length > 0;
    };
    duties = { required: type.fields.filter((f) => f.required), parts: type.ordered.filter(demanding) };
    cached.set(type, duties);
  }
  return duties;
}

/** The required fields of a message type, in the order of declaration. */
export const requiredOf = (type: MessageType): readonly Field[] => dutiesOf(type).required;

/** Required fields that are not set, in protobuf's order: a message's own first, then those of its parts by field number. */
export function missingRequired(message: Message, prefix = '', found: Missing[] = []): Missing[] {
  const { required, parts } = dutiesOf(message.$type);
  for (const f of required) if (!Object.hasOwn(message, f.name)) found.push({ path: prefix + f.name, owner: message });
  for (const f of parts) {
    if (!Object.hasOwn(message, f.name)) continue;
    const value = (message as Message & Values)[f.name];
    if (value instanceof Message) missingRequired(value, `${prefix}${f.name}.`, found);
    else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) missingRequired(value[i] as Message, `${prefix}${f.name}[${i}].`, found);
    }
  }
  return found;
}
