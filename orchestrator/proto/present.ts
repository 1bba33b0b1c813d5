import type { Values } from './message.ts';
import type { Field, Message } from './types.ts';

/**
 * The fields of a message that have a value, in the order of their numbers. Looks at what is set, not at what could be:
 * a layer has some five of its sixty fields.
 */
export function presentFields(message: Message): Field[] {
  const { byName } = message.$type;
  const fields: Field[] = [];
  let sorted = true;
  for (const name of Object.keys(message)) {
    const field = byName.get(name);
    const value = (message as Message & Values)[name];
    if (!field || value === undefined || value === null) continue;
    if (field.repeated && (value as ArrayLike<unknown>).length === 0) continue;
    if (fields.length > 0 && fields[fields.length - 1]!.number > field.number) sorted = false;
    fields.push(field);
  }
  return sorted ? fields : fields.sort((a, b) => a.number - b.number);
}
