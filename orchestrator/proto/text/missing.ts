import type { Problem } from '../../core/index.ts';
import type { Source } from '../spans.ts';
import type { Field, MessageType } from '../types.ts';
import type { Frame } from './frame.ts';

interface Missing {
  /** As protobuf writes it: `layer[0].clip_param.max`. */
  readonly path: string;
  /** Field number and index of each message on the way, then -1 and the field's place among the required ones. */
  readonly order: readonly number[];
  /** Byte at which the message that lacks it begins. */
  readonly offset: number;
}

const required = new Map<MessageType, readonly Field[]>();

function requiredOf(type: MessageType): readonly Field[] {
  let fields = required.get(type);
  if (!fields) {
    fields = type.fields.filter((f) => f.required);
    required.set(type, fields);
  }
  return fields;
}

/** A message's own fields come before those of its parts, these by field number. */
function compare({ order: a }: Missing, { order: b }: Missing): number {
  for (let i = 0; ; i++) {
    const difference = (a[i] ?? -2) - (b[i] ?? -2);
    if (difference !== 0 || i >= a.length) return difference;
  }
}

/** Collects required fields that a text does not give. */
export class MissingFields {
  private readonly found: Missing[] = [];

  /** Looks at the message that has just ended: frames[depth]. */
  look(frames: readonly Frame[], depth: number): void {
    const frame = frames[depth]!;
    const fields = requiredOf(frame.type);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      if (frame.has(field)) continue;
      const order: number[] = [];
      let path = '';
      for (const outer of frames.slice(1, depth + 1)) {
        const { name, number, repeated } = outer.field!;
        order.push(number, outer.index);
        path += repeated ? `${name}[${outer.index}].` : `${name}.`;
      }
      this.found.push({ path: path + field.name, order: [...order, -1, i], offset: frame.offset });
    }
  }

  /** The one problem, in protobuf's words and order, if there is any. Line 0 stands for the message as a whole. */
  problems(source: Source): Problem[] {
    const found = this.found.sort(compare);
    if (found.length === 0) return [];
    const { offset } = found[0]!;
    const place = source.span(Math.max(offset, 0));
    return [
      {
        message: `Message missing required fields: ${found.map((m) => m.path).join(', ')}`,
        span: { file: source.file, line: 0, column: 1 },
        hint: `the message is at line ${place.line}, column ${place.column}`,
        code: 'missing-required',
      },
    ];
  }
}
