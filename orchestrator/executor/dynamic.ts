import { Blob, type Shape, sameShape } from '../blob/index.ts';
import { CremaError, inputError } from '../core/index.ts';
import { type Net, type NetLayer, resizedLayers } from '../net/index.ts';
import type { HostStep } from '../plan/index.ts';
import type { PlanMemory } from './memory.ts';

/**
 * Blobs whose shapes depend on values, for one pass after another. What follows a Filter gets blobs of the rows that were
 * selected: the planned memory (row-major, all rows), of which they use the beginning, as after Caffe's reshape.
 */
export class DynamicShapes {
  private readonly net: Net;
  private readonly memory: PlanMemory;
  private readonly resized: ReadonlyMap<number, string>;
  /** Value → its blob in this pass, where that is not the planned one. */
  private readonly actual = new Map<number, Blob>();

  constructor(net: Net, memory: PlanMemory) {
    this.net = net;
    this.memory = memory;
    this.resized = resizedLayers(net);
  }

  /** Whether a net needs any of this. */
  static neededBy(net: Net): boolean {
    return net.layers.some((layer) => layer.type.resizesTops);
  }

  blob(value: number): Blob {
    return this.actual.get(value) ?? this.memory.blobs[value]!;
  }

  /** Before a layer's forward: its shapes follow from those its bottoms have now. Throws where they do not fit together. */
  beforeForward(step: HostStep): void {
    const layer = this.net.layers[step.layer]!;
    if (!this.resized.has(step.layer)) return;
    const tops = this.reshape(
      layer,
      step.bottoms.map((value) => this.blob(value).shape),
    );
    step.tops.forEach((value, i) => {
      this.resize(value, tops[i]!);
    });
  }

  /** After it: the rows a Filter has selected. */
  afterForward(step: HostStep): void {
    const shapes = this.net.layers[step.layer]!.layer.lastShapes;
    shapes?.forEach((shape, i) => {
      this.resize(step.tops[i]!, shape);
    });
  }

  private reshape(layer: NetLayer, bottoms: readonly Shape[]): Shape[] {
    const refuse = (message: string) =>
      inputError({
        path: layer.name,
        message: `${message}, with the rows that '${this.resized.get(layer.index)}' selected in this pass`,
        expected: 'shapes that fit whatever is selected',
        hint: 'lead every bottom that belongs to the same items through the filter',
        code: 'resized-shape',
      });
    let tops: Shape[];
    try {
      tops = layer.layer.reshape(bottoms);
    } catch (error) {
      throw error instanceof CremaError ? refuse(error.problems[0]!.message) : error;
    }
    layer.layer.params.forEach(({ name, shape }, j) => {
      const planned = this.net.params[layer.params[j]!]!.shape;
      if (!sameShape(shape, planned)) throw refuse(`parameter '${name}' would change its shape`);
    });
    return tops;
  }

  private resize(value: number, shape: Shape): void {
    const planned = this.memory.blobs[value]!;
    if (sameShape(shape, planned.shape)) {
      this.actual.delete(value);
      return;
    }
    const { dataTensor: data, diffTensor: diff } = planned;
    this.actual.set(value, new Blob(planned.name, shape, planned.layout, { data, diff }));
  }
}
