import type { NetParameter } from '../messages.ts';
import { needsBatchNorm, upgradeBatchNorm } from './batch-norm.ts';
import { upgradeInput } from './input.ts';
import type { Note, Upgrade } from './note.ts';
import { needsTransform, upgradeTransform } from './transform.ts';
import { upgradeV0 } from './v0.ts';
import { upgradeV1 } from './v1.ts';

export type { Note, Upgrade } from './note.ts';
export { upgradeSolver } from './solver-type.ts';

interface Step {
  readonly upgrade: Upgrade;
  needed(net: NetParameter): boolean;
  apply(net: NetParameter, note: Note): NetParameter;
}

/** In Caffe's order (upgrade_proto.cpp, UpgradeNetAsNeeded): each looks at what the one before made. */
const steps: readonly Step[] = [
  { upgrade: 'V0', needed: (net) => net.layers.some((layer) => layer.layer !== null), apply: upgradeV0 },
  { upgrade: 'transform', needed: needsTransform, apply: upgradeTransform },
  { upgrade: 'V1', needed: (net) => net.layers.length > 0, apply: upgradeV1 },
  { upgrade: 'input', needed: (net) => net.input.length > 0, apply: upgradeInput },
  { upgrade: 'batchnorm', needed: needsBatchNorm, apply: upgradeBatchNorm },
];

/** A net in today's form, the upgrades that were made, in order, and what could not be carried over. */
export interface Upgraded {
  readonly net: NetParameter;
  readonly upgrades: readonly Upgrade[];
}

/** Upgrades a net from whatever form it has; the net given is not changed, and is returned where it is in today's form. */
export function upgradeNetSteps(net: NetParameter, note: Note = () => {}): Upgraded {
  const upgrades: Upgrade[] = [];
  let current = net;
  for (const step of steps) {
    if (!step.needed(current)) continue;
    current = step.apply(current, note);
    upgrades.push(step.upgrade);
  }
  return { net: current, upgrades };
}

/** A net in today's form (`layer`, Input layers, transform_param), as Caffe upgrades it on reading. */
export const upgradeNet = (net: NetParameter, note?: Note): NetParameter => upgradeNetSteps(net, note).net;
