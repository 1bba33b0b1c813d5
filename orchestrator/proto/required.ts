import type { Values } from './message.ts';
import { Message, type MessageType, typeOf } from './types.ts';

export interface Missing {
  /** As protobuf writes it: `layer[0].clip_param.max`. */
  readonly path: string;
  /** The message that lacks the field. */
  readonly owner: Message;
}

const cached = new Map<MessageType, boolean>();

/** Whether a type or any type below it has required fields; most have none and need no walk. The schema is not recursive. */
function hasRequired(type: MessageType): boolean {
  const known = cached.get(type);
  if (known !== undefined) return known;
  const found = type.fields.some((f) => f.required || (f.type === 'message' && hasRequired(typeOf(f.of!))));
  cached.set(type, found);
  return found;
}

/** Required fields that are not set, in protobuf's order: a message's own first, then those of its parts by field number. */
export function missingRequired(message: Message, prefix = '', found: Missing[] = []): Missing[] {
  const type = message.$type;
  for (const f of type.fields) {
    if (f.required && !Object.hasOwn(message, f.name)) found.push({ path: prefix + f.name, owner: message });
  }
  for (const f of type.ordered) {
    if (f.type !== 'message' || !Object.hasOwn(message, f.name) || !hasRequired(typeOf(f.of!))) continue;
    const value = (message as Message & Values)[f.name];
    if (value instanceof Message) missingRequired(value, `${prefix}${f.name}.`, found);
    else if (Array.isArray(value)) {
      value.forEach((item, i) => {
        missingRequired(item as Message, `${prefix}${f.name}[${i}].`, found);
      });
    }
  }
  return found;
}
