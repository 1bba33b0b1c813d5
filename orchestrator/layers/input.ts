import type { Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import type { LayerParameter } from '../proto/index.ts';
import { declaredShape } from './declared.ts';
import type { Layer, LayerType } from './layer.ts';

class Input implements Layer {
  readonly params = [];
  private readonly shapes: Shape[];

  constructor(param: LayerParameter) {
    const given = param.input_param?.shape ?? [];
    const tops = param.top.length;
    if (given.length > 1 && given.length !== tops) {
      throw inputError({
        message: `${given.length} shapes for ${tops} tops`,
        path: 'input_param > shape',
        expected: 'none, one, or one for each top',
        code: 'input-shapes',
      });
    }
    const shapes = given.map((shape, i) => declaredShape(shape, `input_param > shape[${i}]`));
    this.shapes = Array.from({ length: tops }, (_, i) => shapes[shapes.length === 1 ? 0 : i] ?? []);
  }

  reshape(): Shape[] {
    return this.shapes;
  }

  /** The caller has put the data into the tops. */
  forward(): void {}
}

/** Blobs that the program around the net fills. */
export const inputLayer: LayerType = {
  type: 'Input',
  bottoms: { min: 0, max: 0 },
  tops: { min: 1, max: Number.MAX_SAFE_INTEGER },
  layouts: 'nchw',
  isSource: true,
  create: (param) => new Input(param),
};
