import { elementCount, storedCount } from '../blob/index.ts';
import { roundUp } from '../core/index.ts';
import type { Net } from '../net/index.ts';
import { engineBits, type WordLengths } from '../precision/index.ts';
import { accesses } from './access.ts';
import type { LaunchStep, Plan, Step } from './plan.ts';

/** What one step of training (or one forward pass) moves in the steady state. Bytes, in whole 512-bit words. */
export interface Traffic {
  readonly toDevice: number;
  readonly fromDevice: number;
  readonly launches: number;
}

const WORD = 64;

interface Place {
  host: boolean;
  card: boolean;
  readonly bytes: number;
  /** Counts changes of the values: a quantised copy of an older version is stale. */
  version: number;
  /** Version that the card's quantised copy was made of, by word length. */
  readonly copies: Map<number, number>;
}

/** Bytes of the record that a fixed-point launch leaves for each compute unit, and of the integer of an output channel. */
const RECORD = 32;
const CHANNEL = 8;

/**
 * Walks the plan as the executor's coherence does: data moves only when the side that needs it has no valid copy. The second
 * round counts, since the first one also brings up what stays on the card.
 */
export function planTraffic(plan: Plan, net: Net): Traffic {
  const places = new Map<string, Place>();
  const traffic = { toDevice: 0, fromDevice: 0, launches: 0 };
  const at = (key: string, bytes: number): Place => {
    let place = places.get(key);
    if (!place) {
      place = { host: true, card: false, bytes: roundUp(bytes, WORD), version: 0, copies: new Map() };
      places.set(key, place);
    }
    return place;
  };
  const blob = (value: number, part: 'data' | 'diff') => {
    const { shape, layout } = plan.values[value]!;
    return at(`v${plan.group[value * 2 + (part === 'data' ? 0 : 1)]}`, storedCount(shape, layout) * 4);
  };
  const param = (index: number, part: 'data' | 'diff') => {
    const { owner, shape } = net.params[index]!;
    return at(`p${owner}.${part}`, elementCount(shape) * 4);
  };
  const onCard = (place: Place) => {
    if (!place.card) traffic.toDevice += place.bytes;
    place.card = true;
  };
  const onHost = (place: Place) => {
    if (!place.host) traffic.fromDevice += place.bytes;
    place.host = true;
  };
  const writtenOn = (side: 'host' | 'card', place: Place) => {
    place.host = side === 'host';
    place.card = side === 'card';
    place.version++;
  };
  /** Float values quantised on their way to the card, once per change. */
  const quantised = (place: Place, elements: number, word: number, bits: number) => {
    onHost(place);
    if (place.copies.get(word) === place.version) return;
    place.copies.set(word, place.version);
    traffic.toDevice += roundUp((elements * bits) / 8, WORD);
  };
  const fixed = (step: LaunchStep, words: WordLengths) => {
    const bits = engineBits(words);
    const units = plan.device?.computeUnits ?? 1;
    traffic.launches += units;
    const stored = (value: number) => storedCount(plan.values[value]!.shape, { lanes: plan.lanes });
    const weights = elementCount(net.params[step.weights]!.shape);
    const outputs = step.bias >= 0 ? elementCount(net.params[step.bias]!.shape) : 0;
    const record = roundUp(units * RECORD + outputs * CHANNEL, WORD);
    if (step.pass !== 'backward-weights') quantised(param(step.weights, 'data'), weights, words.weights, bits);
    if (step.pass !== 'backward-data')
      quantised(blob(step.bottom, 'data'), stored(step.bottom), words.activations, bits);
    if (step.pass !== 'forward') quantised(blob(step.top, 'diff'), stored(step.top), words.activationGradients, bits);
    if (step.pass === 'forward' && outputs > 0) traffic.toDevice += record;
    const back = (elements: number) => {
      traffic.fromDevice += roundUp((elements * bits) / 8, WORD);
    };
    traffic.fromDevice += record;
    const { paramPropagate } = net.layers[step.layer]!;
    if (step.pass === 'forward') {
      back(stored(step.top));
      writtenOn('host', blob(step.top, 'data'));
    } else if (step.pass === 'backward-data') {
      back(stored(step.bottom));
      writtenOn('host', blob(step.bottom, 'diff'));
    } else {
      if (paramPropagate[0]) back(weights);
      [step.weights, step.bias].forEach((p, j) => {
        if (p >= 0 && paramPropagate[j]) writtenOn('host', param(p, 'diff'));
      });
    }
  };
  const run = (step: Step): void => {
    const { reads, writes } = accesses(net, step);
    if (step.kind !== 'launch') {
      for (const { value, part } of reads) onHost(blob(value, part));
      for (const { value, part } of writes) writtenOn('host', blob(value, part));
      if (step.kind !== 'host') return;
      const layer = net.layers[step.layer]!;
      layer.params.forEach((p, j) => {
        onHost(param(p, 'data'));
        if (step.pass === 'backward' && layer.paramPropagate[j]) writtenOn('host', param(p, 'diff'));
      });
      return;
    }
    if (step.words) {
      fixed(step, step.words);
      return;
    }
    traffic.launches += plan.device?.computeUnits ?? 1;
    for (const { value, part } of reads) onCard(blob(value, part));
    const { paramPropagate } = net.layers[step.layer]!;
    const own = [step.weights, step.bias];
    if (step.pass === 'backward-weights') {
      own.forEach((p, j) => {
        if (p < 0 || !paramPropagate[j]) return;
        if (!step.firstTouch) onCard(param(p, 'diff'));
        writtenOn('card', param(p, 'diff'));
      });
    } else {
      onCard(param(step.weights, 'data'));
      if (step.pass === 'forward' && step.bias >= 0) onCard(param(step.bias, 'data'));
    }
    for (const { value, part } of writes) writtenOn('card', blob(value, part));
  };
  for (let round = 0; round < 2; round++) {
    Object.assign(traffic, { toDevice: 0, fromDevice: 0, launches: 0 });
    for (const step of plan.forward) run(step);
    for (const name of net.outputs) onHost(blob(plan.finalValue.get(name)!, 'data'));
    for (const step of plan.backward) run(step);
    if (plan.backward.length === 0) continue;
    // The update: gradients come back, parameters change on the host.
    for (const p of net.learnable) {
      onHost(param(p, 'diff'));
      writtenOn('host', param(p, 'data'));
    }
  }
  return traffic;
}
