import type { Problem } from '../../core/index.ts';
import { requiredOf } from '../required.ts';
import type { Source } from '../spans.ts';
import type { MessageType } from '../types.ts';
import type { Frame } from './frame.ts';
import { shortened } from './values.ts';

interface Missing {
  /** Field number and index of each message on the way, then -1 and the field's place among the required ones. */
  readonly order: readonly number[];
  /** Byte at which the message that lacks it begins. */
  readonly offset: number;
}

/** Fields that are named; the reader's words are cut long before. */
const MOST_NAMED = 256;

/** A message's own fields come before those of its parts, these by field number. */
function compare({ order: a }: Missing, { order: b }: Missing): number {
  for (let i = 0; ; i++) {
    const difference = (a[i] ?? -2) - (b[i] ?? -2);
    if (difference !== 0 || i >= a.length) return difference;
  }
}

/** As protobuf writes it: `layer[0].clip_param.max`. */
function pathText({ order }: Missing, whole: MessageType): string {
  let type = whole;
  let path = '';
  for (let i = 0; order[i] !== -1; i += 2) {
    const field = type.byNumber.get(order[i]!)!;
    path += field.repeated ? `${field.name}[${order[i + 1]}].` : `${field.name}.`;
    type = field.inner;
  }
  return path + requiredOf(type)[order.at(-1)!]!.name;
}

/** Collects required fields that a text does not give: those that come first, since a text may lack a million. */
export class MissingFields {
  private found: Missing[] = [];

  /** Looks at the message that has just ended: frames[depth]. */
  look(frames: readonly Frame[], depth: number): void {
    const frame = frames[depth]!;
    const fields = requiredOf(frame.type);
    for (let i = 0; i < fields.length; i++) {
      if (frame.has(fields[i]!) || this.isLate(frames, depth, i)) continue;
      const order: number[] = [];
      for (let k = 1; k <= depth; k++) order.push(frames[k]!.field!.number, frames[k]!.index);
      order.push(-1, i);
      this.found.push({ order, offset: frame.offset });
      if (this.found.length >= MOST_NAMED) this.found = this.found.sort(compare).slice(0, MOST_NAMED);
    }
  }

  /** Whether a field comes behind as many as are named; a text's messages mostly come in order, so most of a million are told by this. */
  private isLate(frames: readonly Frame[], depth: number, place: number): boolean {
    if (this.found.length < MOST_NAMED) return false;
    const { order } = this.found[MOST_NAMED - 1]!;
    for (let k = 1; k <= depth; k++) {
      const { field, index } = frames[k]!;
      const difference = field!.number - order[2 * k - 2]! || index - order[2 * k - 1]!;
      // Where the other path ends, its -1 comes first.
      if (difference !== 0) return difference > 0;
    }
    return order[2 * depth] === -1 && order[2 * depth + 1]! < place;
  }

  /** The one problem of a text that reads as `whole`, in protobuf's words and order, if there is any. Line 0 stands for the message as a whole. */
  problems(source: Source, whole: MessageType): Problem[] {
    const found = this.found.sort(compare);
    if (found.length === 0) return [];
    const place = source.span(Math.max(found[0]!.offset, 0));
    const paths = found.map((m) => pathText(m, whole)).join(', ');
    return [
      {
        message: shortened(`Message missing required fields: ${paths}`),
        span: { file: source.file, line: 0, column: 1 },
        hint: `the message is at line ${place.line}, column ${place.column}`,
        code: 'missing-required',
      },
    ];
  }
}
