import { Blob } from '../../orchestrator/blob/index.ts';
import type { Execution, NetOutput } from '../../orchestrator/executor/execution.ts';
import { closeNet, type Net, type NetLayer, type ParamSet } from '../../orchestrator/net/index.ts';

/**
 * The plainest way to run a net: every layer on the host, in order, row-major, every blob its own memory. What planned
 * executions are compared with. Tops that share their bottom's memory are copies here unless the type says sharesData.
 */
export class ReferenceExecution implements Execution {
  pass = 0;
  readonly net: Net;
  readonly params: ParamSet;
  private readonly blobs = new Map<string, Blob>();

  constructor(net: Net, params: ParamSet) {
    this.net = net;
    this.params = params;
    for (const [id, { shape }] of net.blobs) this.blobs.set(id, new Blob(id, shape));
  }

  private of = (ids: readonly string[]): Blob[] => ids.map((id) => this.blobs.get(id)!);
  private paramsOf = (layer: NetLayer): Blob[] => layer.params.map((i) => this.params.blobs[i]!);

  forward(): number {
    let loss = 0;
    for (const layer of this.net.layers) {
      const tops = this.of(layer.tops);
      layer.layer.forward(this.of(layer.bottoms), tops, this.paramsOf(layer));
      layer.lossWeights.forEach((weight, i) => {
        if (weight !== 0) for (const value of tops[i]!.data) loss += weight * value;
      });
    }
    return Math.fround(loss);
  }

  backward(accumulate: boolean): void {
    if (!accumulate) for (const i of this.net.learnable) this.params.blobs[i]!.diff.fill(0);
    for (const layer of this.net.layers.toReversed()) {
      if (!layer.needBackward) continue;
      const tops = this.of(layer.tops);
      layer.lossWeights.forEach((weight, i) => {
        if (weight !== 0) tops[i]!.diff.fill(weight);
      });
      layer.layer.backward?.(
        tops,
        layer.propagateDown,
        this.of(layer.bottoms),
        this.paramsOf(layer),
        layer.paramPropagate,
      );
    }
  }

  collectGradients(): void {}
  parametersChanged(): void {}

  outputs(): NetOutput[] {
    return this.net.outputs.map((id) => {
      const { producer, writers } = this.net.blobs.get(id)!;
      const layer = this.net.layers[writers.at(-1) ?? producer]!;
      return { blob: id, values: this.blobs.get(id)!.data, lossWeight: layer.lossWeights[layer.tops.indexOf(id)] ?? 0 };
    });
  }

  blob(name: string): Blob {
    return this.blobs.get(name)!;
  }

  close(): void {
    closeNet(this.net);
  }
}
