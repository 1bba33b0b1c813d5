import { usageError } from '../../core/index.ts';
import type { Session } from '../../executor/index.ts';
import { buildNet, closeNet, type Net } from '../../net/index.ts';
import type { NetParameter } from '../../proto/index.ts';
import type { Criterion } from '../../prune/index.ts';
import { describePlan } from '../describe-plan.ts';

export const CRITERIA = ['parameters', 'filters', 'macs', 'cycles', 'memory'] as const;
export type CriterionName = (typeof CRITERIA)[number];

/** What a level is a share of. Cycles and memory are modelled, of a training step planned for the session's board. */
export function criterionNamed(name: string, file: string, session: Session): Criterion {
  if (name === 'parameters' || name === 'filters') return name;
  const ofNet = (count: (net: Net) => number) => ({
    name,
    of: (text: NetParameter) => {
      const net = buildNet(text, { phase: 'TRAIN', file });
      try {
        return count(net);
      } finally {
        closeNet(net);
      }
    },
  });
  if (name === 'macs') return ofNet((net) => net.layers.reduce((sum, layer) => sum + layer.macs, 0));
  if (name === 'memory') {
    return ofNet((net) => {
      const plan = session.plan(net);
      return plan.blobBytes + plan.parameterBytes + plan.layerBytes;
    });
  }
  if (name !== 'cycles') {
    throw usageError({
      message: `there is no criterion '${name}'`,
      expected: CRITERIA.join(', '),
      code: 'unknown-criterion',
    });
  }
  return ofNet((net) => {
    const { cycles } = describePlan(session.plan(net), net, session.manifest);
    if (cycles !== null) return cycles;
    throw usageError({
      message: `nothing of net '${net.name}' runs on a card, so there are no cycles`,
      expected: 'a device with a manifest: --device sim --board …',
      code: 'no-cycles',
    });
  });
}
