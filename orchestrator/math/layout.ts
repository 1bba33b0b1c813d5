import type { Layout, Shape } from '../blob/index.ts';
import { elementCount } from '../blob/index.ts';
import { dataError } from '../core/index.ts';
import { hostLibrary } from './host.ts';

type Convert = (source: Float32Array, target: Float32Array, batch: number, rest: number, lanes: number) => void;
let toBlocked: Convert | undefined;
let fromBlocked: Convert | undefined;

function load(): void {
  const parameters = ['pointer', 'pointer', 'i64', 'i64', 'i64'] as const;
  toBlocked = hostLibrary().declare('crema_to_blocked', 'void', parameters) as unknown as Convert;
  fromBlocked = hostLibrary().declare('crema_from_blocked', 'void', parameters) as unknown as Convert;
}

/** Copies a tensor of `shape` from one layout into another; padding lanes of the target become zero. */
export function reorder(source: Float32Array, from: Layout, target: Float32Array, to: Layout, shape: Shape): void {
  if (from.lanes === to.lanes) {
    target.set(source);
    return;
  }
  if (from.lanes !== 1 && to.lanes !== 1) {
    throw dataError({ message: `no reorder from ${from.lanes} to ${to.lanes} lanes`, hint: 'go through row-major' });
  }
  if (!toBlocked || !fromBlocked) load();
  const batch = shape[0] ?? 1;
  const rest = batch === 0 ? 0 : elementCount(shape) / batch;
  if (from.lanes === 1) toBlocked!(source, target, batch, rest, to.lanes);
  else fromBlocked!(source, target, batch, rest, from.lanes);
}
