import { inputError, usageError } from '../../core/index.ts';
import type { Values } from '../message.ts';
import type { NetParameter } from '../messages.ts';
import { spanOf } from '../spans.ts';
import { Message } from '../types.ts';

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

function refuse(owner: object, field: string, index: number, most: number, what: string, each: string): never {
  throw inputError({
    message: `a net of more than ${most} ${what}`,
    span: spanOf(owner, field, index),
    path: field,
    expected: `at most ${most} ${what}`,
    hint: `${VARIABLE}=n in the environment allows ${each}; such a net then takes its time`,
    code: 'net-too-large',
  });
}

/**
 * Refuses a net that no machine builds in reasonable time, as a hostile or broken file of a few megabytes can describe it,
 * before anything is made of it. The numbers of stored blobs do not count. Throws an input error with the place of the
 * first layer or entry too many.
 */
export function refuseHugeNet(net: NetParameter): void {
  const layers = mostLayers();
  // Inputs that the net names become a layer.
  const room = layers - (net.input.length > 0 ? 1 : 0);
  for (const field of ['layer', 'layers'] as const) {
    if (net[field].length > room) refuse(net, field, room, layers, 'layers', 'n layers');
  }
  const most = ENTRIES_PER_LAYER * layers;
  let left = most;
  const walk = (message: Message & Values): void => {
    if (message.$type.name === 'BlobProto') return;
    for (const field of Object.keys(message)) {
      const value = message[field];
      if (Array.isArray(value)) {
        if (message !== (net as unknown) || !field.startsWith('layer')) {
          if (value.length > left)
            refuse(message, field, left, most, 'entries of lists', `${ENTRIES_PER_LAYER} n entries`);
          left -= value.length;
        }
        if (value[0] instanceof Message) for (const part of value) walk(part as Message & Values);
      } else if (value instanceof Message) walk(value as Message & Values);
    }
  };
  walk(net as unknown as Message & Values);
}
