import { inputError, type Problem, usageError } from '../core/index.ts';
import type { Values } from './message.ts';
import type { NetParameter } from './messages.ts';
import { spanOf } from './spans.ts';
import { type Field, Message, type MessageType } from './types.ts';

/**
 * Layers of a net unless told otherwise: twice those of the deepest published nets (ResNet-1202 has some 5,000). Measured
 * times: docs/reading.md.
 */
const MOST_LAYERS = 10_000;
const VARIABLE = 'CREMA_MAX_LAYERS';
/** Entries of all other lists, for each layer that is allowed: bottoms, tops, params, sizes. Published nets have three to five. */
const ENTRIES_PER_LAYER = 6;

function mostLayers(): number {
  const given = process.env[VARIABLE];
  if (given === undefined) return MOST_LAYERS;
  if (/^[1-9]\d{0,11}$/.test(given)) return Number(given);
  throw usageError({ message: `${VARIABLE} is "${given}"`, expected: 'a whole number ≥ 1', code: 'bad-layer-limit' });
}

/**
 * How much a net may hold: no machine builds in reasonable time what a hostile or broken file of a few megabytes can describe.
 * The numbers of stored blobs do not count.
 */
export class Allowance {
  private readonly layers = mostLayers();
  private readonly entries = ENTRIES_PER_LAYER * this.layers;
  private layersLeft = this.layers;
  private entriesLeft = this.entries;
  private hasInputs = false;

  /** A net begins: a solver may hold several. */
  begin(): void {
    this.layersLeft = this.layers;
    this.entriesLeft = this.entries;
    this.hasInputs = false;
  }

  /** Takes one entry of a repeated field; false where it is the first too many. */
  take(owner: MessageType, { name }: Field): boolean {
    if (owner.name === 'BlobProto') return true;
    if (owner.name === 'NetParameter') {
      if (name === 'layer' || name === 'layers') return --this.layersLeft !== -1;
      if (name === 'input' && !this.hasInputs) {
        // Inputs that a net names become a layer.
        this.hasInputs = true;
        if (--this.layersLeft === -1) return false;
      }
    }
    return --this.entriesLeft !== -1;
  }

  /** What to say of the first entry too many. */
  problem({ name }: Field): Problem {
    const isLayer = this.layersLeft < 0;
    const most = isLayer ? `${this.layers} layers` : `${this.entries} entries of lists`;
    const each = isLayer ? 'n layers' : `${ENTRIES_PER_LAYER} n entries`;
    return {
      message: `a net of more than ${most}`,
      path: name,
      expected: `at most ${most}`,
      hint: `${VARIABLE}=n in the environment allows ${each}; such a net then takes its time`,
      code: 'net-too-large',
    };
  }
}

/**
 * Refuses a net that holds more than its allowance, wherever it came from, before anything is made of it. The text reader refuses such
 * a text already. Throws an input error with the place of the first layer or entry too many, where that is known.
 */
export function refuseHugeNet(net: NetParameter): void {
  const allowance = new Allowance();
  const walk = (message: Message & Values): void => {
    const type = message.$type;
    if (type.name === 'BlobProto') return;
    for (const name of Object.keys(message)) {
      const value = message[name];
      if (Array.isArray(value)) {
        const field = type.byName.get(name)!;
        for (let i = 0; i < value.length; i++) {
          if (!allowance.take(type, field))
            throw inputError({ ...allowance.problem(field), span: spanOf(message, name, i) });
          if (value[i] instanceof Message) walk(value[i] as Message & Values);
        }
      } else if (value instanceof Message) walk(value as Message & Values);
    }
  };
  walk(net as unknown as Message & Values);
}
