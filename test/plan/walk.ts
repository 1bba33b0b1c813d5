import { storedCount } from '../../orchestrator/blob/index.ts';
import type { Net } from '../../orchestrator/net/index.ts';
import { accesses, type Part, type Plan } from '../../orchestrator/plan/index.ts';

/**
 * Walks a plan as memory sees it, two iterations long: which value was written last into each slab. Returns what is wrong:
 * a read of something never written or overwritten since, a reorder between equal layouts, a slab too small.
 */
export function walkPlan(plan: Plan, net: Net): string[] {
  const wrong: string[] = [];
  const owner = new Map<number, number>();
  const slabOf = (value: number, part: Part) => (part === 'data' ? plan.dataSlab : plan.diffSlab)[value]!;
  const groupOf = (value: number, part: Part) => plan.group[value * 2 + (part === 'data' ? 0 : 1)]!;
  const name = (value: number, part: Part) => `${plan.values[value]!.blob}.${part} (value ${value})`;
  const write = (value: number, part: Part) => {
    const slab = slabOf(value, part);
    if (slab < 0) wrong.push(`${name(value, part)} is written and has no memory`);
    owner.set(slab, groupOf(value, part));
  };
  const read = (value: number, part: Part, what: string) => {
    if (owner.get(slabOf(value, part)) !== groupOf(value, part))
      wrong.push(`${what} reads ${name(value, part)}, gone or never written`);
  };
  const isInput = (layer: number) => net.layers[layer]!.type.type === 'Input';
  for (const iteration of [0, 1]) {
    for (const [i, step] of [...plan.forward, ...plan.backward].entries()) {
      const { reads, writes } = accesses(net, step);
      const what = `iteration ${iteration}, step ${i} (${step.kind})`;
      for (const { value, part } of reads) read(value, part, what);
      // Input is filled once, before the first iteration.
      if (step.kind === 'host' && isInput(step.layer) && iteration > 0)
        for (const { value, part } of writes) read(value, part, what);
      else for (const { value, part } of writes) write(value, part);
      if (step.kind === 'reorder' && plan.values[step.from]!.layout.lanes === plan.values[step.to]!.layout.lanes) {
        wrong.push(`${what} reorders ${name(step.from, step.part)} into its own layout`);
      }
    }
    for (const output of net.outputs) read(plan.finalValue.get(output)!, 'data', 'after the step, the caller');
  }
  for (const { id, shape, layout } of plan.values) {
    for (const slab of [plan.dataSlab[id]!, plan.diffSlab[id]!]) {
      if (slab >= 0 && plan.slabs[slab]!.elements < storedCount(shape, layout))
        wrong.push(`slab ${slab} is too small for value ${id}`);
    }
  }
  return wrong;
}
