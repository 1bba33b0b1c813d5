import type { Blob, Shape } from '../blob/index.ts';
import { accumulate } from '../math/eltwise.ts';
import { create, type LayerParameter } from '../proto/index.ts';
import { declaredShape } from './declared.ts';
import type { Layer, LayerType, ParamSpec } from './layer.ts';

class Parameter implements Layer {
  readonly params: readonly ParamSpec[];
  private readonly shape: Shape;

  constructor(param: LayerParameter) {
    const settings = param.parameter_param ?? create('ParameterParameter');
    this.shape = declaredShape(settings.shape ?? create('BlobShape'), 'parameter_param > shape');
    this.params = [{ name: 'parameter', shape: this.shape }];
  }

  reshape(): Shape[] {
    return [this.shape];
  }

  forward(_: readonly Blob[], [top]: readonly Blob[], [param]: readonly Blob[]): void {
    top!.data.set(param!.data.subarray(0, param!.count));
  }

  backward(
    [top]: readonly Blob[],
    _wanted: readonly boolean[],
    _bottoms: readonly Blob[],
    [param]: readonly Blob[],
    [learns]: readonly boolean[],
  ): void {
    if (learns) accumulate(param!.count, 1, top!.diff, param!.diff);
  }
}

/** A learned blob as a top, for layers that take it as a bottom. */
export const parameterLayer: LayerType = {
  type: 'Parameter',
  bottoms: { min: 0, max: 0 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  backwardReads: { bottoms: false, tops: false },
  create: (param) => new Parameter(param),
};
