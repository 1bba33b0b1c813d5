import type { Blob, Shape } from '../blob/index.ts';
import { inputError, type RandomStream } from '../core/index.ts';
import { create, type DummyDataParameter, type FillerParameter, type LayerParameter } from '../proto/index.ts';
import { declaredShape } from './declared.ts';
import { checkFiller, fillBlob } from './fillers.ts';
import type { Layer, LayerType } from './layer.ts';

function shapesOf(given: DummyDataParameter, tops: number): Shape[] {
  const refuse = (message: string, field: string, expected: string) =>
    inputError({ message, path: `dummy_data_param > ${field}`, expected, code: 'dummy-shapes' });
  const lists = (['num', 'channels', 'height', 'width'] as const).map((field) => ({ field, sizes: given[field] }));
  if (given.shape.length > 0) {
    const both = lists.find(({ sizes }) => sizes.length > 0);
    if (both) throw refuse('both shape and the older fields are given', both.field, 'shape alone');
    if (given.shape.length !== 1 && given.shape.length !== tops) {
      throw refuse(`${given.shape.length} shapes for ${tops} tops`, 'shape', 'one, or one for each top');
    }
    const shapes = given.shape.map((shape, i) => declaredShape(shape, `dummy_data_param > shape[${i}]`));
    return Array.from({ length: tops }, (_, i) => shapes[shapes.length === 1 ? 0 : i]!);
  }
  for (const { field, sizes } of lists) {
    if (sizes.length !== 1 && sizes.length !== tops) {
      throw refuse(`${field} is given ${sizes.length} times for ${tops} tops`, field, 'once, or once for each top');
    }
  }
  return Array.from({ length: tops }, (_, i) => lists.map(({ sizes }) => sizes[sizes.length === 1 ? 0 : i]!));
}

class DummyData implements Layer {
  readonly params = [];
  private readonly shapes: Shape[];
  private readonly fillers: readonly FillerParameter[];
  private readonly random: RandomStream;

  constructor(param: LayerParameter, random: RandomStream) {
    const given = param.dummy_data_param ?? create('DummyDataParameter');
    const tops = param.top.length;
    const fillers = given.data_filler;
    if (fillers.length > 1 && fillers.length !== tops) {
      throw inputError({
        message: `${fillers.length} data fillers for ${tops} tops`,
        path: 'dummy_data_param > data_filler',
        expected: 'none, one, or one for each top',
        code: 'dummy-fillers',
      });
    }
    this.random = random;
    this.shapes = shapesOf(given, tops);
    const only = fillers[0] ?? create('FillerParameter');
    this.fillers = this.shapes.map((shape, i) => {
      const filler = fillers.length > 1 ? fillers[i]! : only;
      checkFiller(filler, shape, `dummy_data_param > data_filler[${fillers.length > 1 ? i : 0}]`);
      return filler;
    });
  }

  reshape(): Shape[] {
    return this.shapes;
  }

  forward(_: readonly Blob[], tops: readonly Blob[]): void {
    tops.forEach((top, i) => {
      fillBlob(this.fillers[i], top.shape, top.data, this.random);
    });
  }

  saveState(): unknown {
    return { position: this.random.position };
  }

  loadState(state: unknown): void {
    this.random.position = (state as { position: number }).position;
  }
}

/** Blobs from fillers; random ones are drawn anew in every pass. */
export const dummyDataLayer: LayerType = {
  type: 'DummyData',
  bottoms: { min: 0, max: 0 },
  tops: { min: 1, max: Number.MAX_SAFE_INTEGER },
  layouts: 'nchw',
  isSource: true,
  create: (param, context) => new DummyData(param, context.random),
};
