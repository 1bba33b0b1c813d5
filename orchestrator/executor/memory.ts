import { Blob, Tensor } from '../blob/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import type { Part, Plan } from '../plan/index.ts';

/** Blobs of a plan's values over its slabs; aliases get the same tensor, so that one copy on a card serves all of them. */
export interface PlanMemory {
  readonly blobs: readonly Blob[];
  tensor(value: number, part: Part): Tensor;
  /** Bytes of slabs in use on the host. */
  readonly bytes: number;
  release(): void;
}

export function allocatePlan(plan: Plan): PlanMemory {
  const slabs = plan.slabs.map((slab) => new Tensor(`slab${slab.id}`, slab.elements));
  // Values of one slab and equal length that alias (in-place, Split) must be one tensor; others only follow each other in
  // time, and each has its own, since copies on a card are whole tensors.
  const tensors = new Map<string, Tensor>();
  const tensorOf = (value: number, part: Part, length: number): Tensor | undefined => {
    const slab = (part === 'data' ? plan.dataSlab : plan.diffSlab)[value]!;
    if (slab < 0) return undefined;
    const key = `${plan.group[part === 'data' ? value * 2 : value * 2 + 1]}`;
    const known = tensors.get(key);
    if (known) return known;
    const view = new Tensor(`${plan.values[value]!.blob}.${part}`, length, slabs[slab]);
    tensors.set(key, view);
    return view;
  };
  const blobs = plan.values.map((value) => {
    const sized = new Blob(value.blob, value.shape, value.layout);
    const data = tensorOf(value.id, 'data', sized.length);
    const diff = tensorOf(value.id, 'diff', sized.length);
    return new Blob(value.blob, value.shape, value.layout, { ...(data && { data }), ...(diff && { diff }) });
  });
  return {
    blobs,
    tensor: (value, part) => (part === 'data' ? blobs[value]!.dataTensor : blobs[value]!.diffTensor),
    get bytes() {
      return slabs.reduce((sum, s) => sum + (s.allocated ? s.length * 4 : 0), 0);
    },
    release() {
      for (const slab of slabs) slab.release();
    },
  };
}

/** Bytes of parameters and, where touched, their gradients. */
export function parameterBytes(net: Net, params: ParamSet): number {
  return net.params
    .filter((p) => p.owner === p.index)
    .map((p) => params.blobs[p.index]!)
    .reduce(
      (sum, b) => sum + (b.dataTensor.allocated ? b.length * 4 : 0) + (b.diffTensor.allocated ? b.length * 4 : 0),
      0,
    );
}
