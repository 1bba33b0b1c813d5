import { inputError } from '../../core/index.ts';
import type { Net, NetLayer } from '../../net/index.ts';
import { filtersOf, type Values } from '../filters.ts';
import type { ChannelGraph, Producer } from '../graph.ts';
import type { Ranker } from './ranker.ts';

/** The layer that reads blob `id` first after layer `after`, Splits passed over. */
function nextReader(net: Net, id: string, after: number): NetLayer | undefined {
  const index = net.blobs.get(id)!.readers.find((reader) => reader > after);
  const layer = index === undefined ? undefined : net.layers[index]!;
  return layer?.inserted ? nextReader(net, layer.tops[0]!, layer.index) : layer;
}

/** Where a factor on each output of a layer would stand: on its weights, or behind its BatchNorm on the Scale that follows. */
function gateOf(net: Net, { layer }: Producer): NetLayer {
  const norm = nextReader(net, layer.tops[0]!, layer.index);
  if (norm?.type.type !== 'BatchNorm') return layer;
  const scale = nextReader(net, norm.tops[0]!, norm.index);
  if (scale?.type.type === 'Scale' && scale.bottoms.length === 1) return scale;
  throw inputError({
    message: `${layer.name} is normalised by ${norm.name} without a Scale behind it, so its loss does not depend on a factor`,
    expected: 'a Scale after the BatchNorm, or another ranker than taylor',
    path: layer.name,
    code: 'no-gate',
  });
}

/**
 * Gathers first-order Taylor sensitivities (Molchanov et al., CVPR 2019). The derivative of the loss by a factor on an output is the
 * sum of weight times gradient over everything linear that makes the output, bias included. Squares are taken per mini-batch
 * and then averaged, so that signs do not cancel.
 */
export class TaylorEvidence {
  private readonly graph: ChannelGraph;
  private readonly sums = new Map<string, Float64Array>();
  private batches = 0;

  constructor(graph: ChannelGraph) {
    this.graph = graph;
  }

  /** Adds one mini-batch: values and gradients of the parameters after a backward pass. */
  add(weights: Values, gradients: Values): void {
    this.batches++;
    for (const producer of this.graph.producers.values()) {
      const derivative = this.derivative(producer, weights, gradients);
      const sum = this.sums.get(producer.layer.name) ?? new Float64Array(derivative.length);
      derivative.forEach((value, i) => {
        sum[i]! += value * value;
      });
      this.sums.set(producer.layer.name, sum);
    }
  }

  private derivative(producer: Producer, weights: Values, gradients: Values): Float64Array {
    const net = this.graph.nets.find((n) => n.layers.includes(producer.layer))!;
    const gate = gateOf(net, producer);
    const out = new Float64Array(producer.outputs.length);
    const add = (values: Float32Array, diffs: Float32Array, length: number) => {
      for (let i = 0; i < out.length * length; i++) out[Math.floor(i / length)]! += values[i]! * diffs[i]!;
    };
    gate.params.forEach((index, slot) => {
      const { key } = net.params[index]!;
      if (gate === producer.layer && slot === 0) {
        const { values, length } = filtersOf(this.graph, producer, weights);
        add(values, filtersOf(this.graph, producer, gradients).values, length);
      } else add(weights.get(key)!, gradients.get(key)!, 1);
    });
    return out;
  }

  /** Mean of the squares, by layer. */
  get sensitivity(): ReadonlyMap<string, Float64Array> {
    return new Map([...this.sums].map(([layer, sum]) => [layer, sum.map((value) => value / this.batches)]));
  }
}

/** Mean square of the derivative of the loss by a factor on the output. */
export const taylor: Ranker = {
  name: 'taylor',
  needsGradients: true,
  score({ layer }, { sensitivity }) {
    const scores = sensitivity?.get(layer.name);
    if (scores) return scores;
    throw inputError({
      message: `no gradients of ${layer.name} were gathered`,
      expected: 'a training net and data, for the ranker taylor',
      code: 'no-gradients',
    });
  },
};
