import { type Problem, usageError } from '../core/index.ts';
import type { Field, MessageType } from './types.ts';

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
 * The numbers of stored blobs and records do not count. Both readers, of text and of binary messages, count while they read.
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
    if (owner.name === 'BlobProto' || owner.name === 'Datum') return true;
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
      message: `more than ${most}`,
      path: name,
      expected: `at most ${most}`,
      hint: `${VARIABLE}=n in the environment allows ${each}; such a net then takes its time`,
      code: 'net-too-large',
    };
  }
}
