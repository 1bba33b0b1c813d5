import { storedCount } from '../blob/index.ts';
import type { Net } from '../net/index.ts';
import { accesses } from './access.ts';
import type { Part, Slab, Step } from './plan.ts';
import type { Schedule } from './schedule.ts';

/** Memory of a plan: which slab each value uses. */
export interface Assignment {
  readonly slabs: Slab[];
  readonly dataSlab: number[];
  readonly diffSlab: number[];
  readonly group: number[];
}

interface Group {
  elements: number;
  first: number;
  last: number;
  readonly members: { value: number; part: Part }[];
}

/**
 * Gives values memory so that those not alive together share it. Aliases are one group; a group lives from its first to its
 * last access; groups are placed largest first into the first slab with no overlap. `keep` gives every group its own slab.
 */
export function assignMemory(net: Net, plan: Schedule, training: boolean, keep: boolean): Assignment {
  const { groups, group } = lifetimes(net, plan, training, keep);
  const dataSlab = plan.values.map(() => -1);
  const diffSlab = plan.values.map(() => -1);
  const slabs: { id: number; elements: number; taken: Group[] }[] = [];
  for (const one of [...groups].sort((a, b) => b.elements - a.elements || a.first - b.first)) {
    let slab = slabs.find((s) => s.taken.every((g) => g.last < one.first || one.last < g.first));
    if (!slab) {
      slab = { id: slabs.length, elements: one.elements, taken: [] };
      slabs.push(slab);
    }
    slab.taken.push(one);
    for (const { value, part } of one.members) (part === 'data' ? dataSlab : diffSlab)[value] = slab.id;
  }
  return { slabs: slabs.map(({ id, elements }) => ({ id, elements })), dataSlab, diffSlab, group };
}

function lifetimes(net: Net, plan: Schedule, training: boolean, keep: boolean): { groups: Group[]; group: number[] } {
  const node = (value: number, part: Part) => value * 2 + (part === 'data' ? 0 : 1);
  const parent = plan.values.flatMap((v) => [v.id * 2, v.id * 2 + 1]);
  const root = (i: number): number => {
    let r = i;
    while (parent[r] !== r) r = parent[r]!;
    parent[i] = r;
    return r;
  };
  for (const { a, b, data, diff } of plan.aliases) {
    if (data) parent[root(node(b, 'data'))] = root(node(a, 'data'));
    if (diff) parent[root(node(b, 'diff'))] = root(node(a, 'diff'));
  }
  const groups = new Map<number, Group>();
  const touch = (value: number, part: Part, time: number) => {
    const r = root(node(value, part));
    const group = groups.get(r) ?? { elements: 0, first: time, last: time, members: [] };
    groups.set(r, group);
    group.first = Math.min(group.first, time);
    group.last = Math.max(group.last, time);
  };
  const steps: readonly Step[] = training ? [...plan.forward, ...plan.backward] : plan.forward;
  steps.forEach((step, time) => {
    const { reads, writes } = accesses(net, step);
    for (const { value, part } of [...reads, ...writes]) touch(value, part, time);
  });
  const whole = (value: number, part: Part) => {
    touch(value, part, 0);
    touch(value, part, steps.length);
  };
  for (const value of plan.values) {
    const producer = net.layers[value.producer]!;
    // A source may fill its tops once for all iterations (Input, constant DummyData); outputs are read after the step.
    if (keep || producer.type.isSource || producer.bottoms.length === 0) whole(value.id, 'data');
    if (keep && training && value.needsDiff) whole(value.id, 'diff');
  }
  for (const output of net.outputs) whole(plan.finalValue.get(output)!, 'data');
  for (const value of plan.values) {
    for (const part of ['data', 'diff'] as const) {
      const group = groups.get(root(node(value.id, part)));
      if (!group) continue;
      group.elements = Math.max(group.elements, storedCount(value.shape, value.layout));
      group.members.push({ value: value.id, part });
    }
  }
  return { groups: [...groups.values()], group: parent.map((_, i) => root(i)) };
}
