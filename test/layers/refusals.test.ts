import { describe, expect, it } from 'vitest';
import { Blob, type Shape } from '../../orchestrator/blob/index.ts';
import { blobOf, layerOf } from './golden-case.ts';

const make = (type: string, bottoms: number, text = '', tops = 1) => {
  const names = (kind: string, n: number) => Array.from({ length: n }, (_, i) => `${kind}: "${kind[0]}${i}"`).join(' ');
  return layerOf(`layer { name: "l" type: "${type}" ${names('bottom', bottoms)} ${names('top', tops)} ${text} }`).layer;
};
const shapes = (type: string, bottoms: Shape[], text = '', tops = 1) =>
  make(type, bottoms.length, text, tops).reshape(bottoms);

describe('shapes that Caffe refuses are refused in words', () => {
  const cases: [string, Shape[], string, RegExp, number?][] = [
    [
      'Eltwise',
      [
        [1, 3, 8, 8],
        [1, 3, 8, 7],
      ],
      '',
      /bottom 1 is 1 3 8 7/,
    ],
    ['Eltwise', [[2], [2]], 'eltwise_param { coeff: 1 }', /1 coefficients for 2 bottoms/],
    ['Eltwise', [[2], [2]], 'eltwise_param { operation: PROD coeff: 1 coeff: 2 }', /PROD takes no coefficients/],
    [
      'Concat',
      [
        [1, 3, 8, 8],
        [1, 3, 8, 8],
      ],
      'concat_param { axis: 4 }',
      /axis 4 out of range for 4-D/,
    ],
    [
      'Concat',
      [
        [1, 3],
        [1, 3],
      ],
      'concat_param { axis: 1 concat_dim: 1 }',
      /both axis and concat_dim/,
    ],
    [
      'Concat',
      [
        [1, 3],
        [2, 3],
      ],
      '',
      /differ in axis 1 only/,
    ],
    ['Slice', [[1, 6]], 'slice_param { slice_point: 2 slice_point: 1 }', /increasing/, 3],
    ['Slice', [[1, 6]], 'slice_param { slice_point: 0 }', /increasing/, 2],
    ['Slice', [[1, 6]], 'slice_param { slice_point: 1 slice_point: 2 }', /2 slice points for 2 tops/, 2],
    ['Slice', [[1, 5]], '', /cannot be cut into 2 equal parts/, 2],
    ['Flatten', [[1, 3, 8, 8]], 'flatten_param { axis: 4 }', /axis 4 out of range/],
    ['Reshape', [[1, 192]], 'reshape_param { shape { dim: -1 dim: -1 } }', /second dim of -1/],
    ['Reshape', [[1, 192]], 'reshape_param { shape { dim: 5 } }', /cannot become/],
    ['Reshape', [[1, 192]], 'reshape_param { shape { dim: 5 dim: -1 } }', /cannot be divided by 5/],
    ['Reshape', [[1, 3, 8, 8]], 'reshape_param { axis: 5 }', /axis 5/],
    ['Reshape', [[1, 3, 8, 8]], 'reshape_param { axis: 1 num_axes: 4 }', /num_axes 4/],
    ['Tile', [[1, 3]], '', /number of tiles is not given/],
    ['Tile', [[1, 3]], 'tile_param { tiles: -1 }', /tiles: -1/],
    ['ArgMax', [[2, 3]], 'argmax_param { top_k: 4 }', /top_k 4 of 3/],
    ['Accuracy', [[2, 3], [2]], 'accuracy_param { top_k: 4 }', /top_k 4 of 3/],
    ['SoftmaxWithLoss', [[1, 3, 8, 8], [1]], '', /64 labels/],
    ['SoftmaxWithLoss', [[2, 3], [3]], '', /same first dimension/],
    ['SoftmaxWithLoss', [[2, 3], [2]], 'softmax_param { axis: 2 }', /axis 2 out of range/],
    [
      'EuclideanLoss',
      [
        [2, 3],
        [2, 4],
      ],
      '',
      /as many values/,
    ],
    ['HingeLoss', [[2, 3], [3]], '', /same first dimension/],
    ['Filter', [[2, 3], [3]], '', /2 items, selector for 3/],
    [
      'BatchReindex',
      [
        [2, 3],
        [3, 1],
      ],
      '',
      /one axis/,
    ],
    ['InfogainLoss', [[2, 3], [2]], '', /no infogain matrix/],
    [
      'LSTM',
      [
        [4, 2, 5],
        [4, 3],
      ],
      'recurrent_param { num_output: 6 }',
      /markers \[4, 2\]/,
    ],
    [
      'LSTM',
      [
        [4, 2, 5],
        [4, 2],
      ],
      '',
      /num_output/,
    ],
    [
      'RNN',
      [
        [4, 2, 5],
        [4, 2],
      ],
      'recurrent_param { num_output: 6 expose_hidden: true }',
      /bottoms/,
    ],
    ['Log', [[2]], 'log_param { base: 0 }', /base 0/],
    ['Input', [], 'input_param { shape { dim: -3 } }', /dim -3/],
    ['Input', [], 'input_param { shape { dim: 2147483648 } }', /dim 2147483648/],
    ['Input', [], `input_param { shape { ${'dim: 1 '.repeat(33)} } }`, /33 axes/],
    ['Input', [], 'input_param { shape { dim: 1 } shape { dim: 1 } }', /2 shapes for 3 tops/, 3],
    ['DummyData', [], 'dummy_data_param { shape { dim: 1 } num: 1 }', /both shape and the older/],
    ['DummyData', [], 'dummy_data_param { shape { dim: 1 } data_filler { } data_filler { } }', /2 data fillers/, 3],
  ];
  it.each(cases)('%s %j %s', (type, bottoms, text, message, tops) => {
    expect(() => shapes(type, bottoms, text, tops)).toThrow(message);
  });
});

describe('sizes as Caffe reads them', () => {
  it('drops what does not fit in 32 bits', () => {
    expect(shapes('Input', [], 'input_param { shape { dim: 4294967297 } }')).toEqual([[1]]);
    expect(shapes('Input', [], 'input_param { shape { dim: 2147483647 } }')).toEqual([[2147483647]]);
  });
  it('infers, copies and inserts axes', () => {
    expect(shapes('Reshape', [[2, 8, 3]], 'reshape_param { shape { dim: 0 dim: 2 dim: -1 } }')).toEqual([[2, 2, 12]]);
    expect(shapes('Reshape', [[2, 8]], 'reshape_param { shape { dim: 1 } axis: -1 num_axes: 0 }')).toEqual([[2, 8, 1]]);
    expect(shapes('Flatten', [[2, 3, 4, 5]], 'flatten_param { axis: -2 }')).toEqual([[2, 3, 20]]);
  });
});

describe('labels that are no class', () => {
  const labels = (values: number[]) => blobOf('label', [2], values);
  const scores = blobOf('score', [2, 3], [1, 2, 3, 4, 5, 6]);
  it.each(['SoftmaxWithLoss', 'HingeLoss', 'MultinomialLogisticLoss', 'Accuracy'])('stop %s', (type) => {
    const layer = make(type, 2);
    layer.reshape([[2, 3], [2]]);
    const top = [new Blob('t', [])];
    for (const bad of [3, -1, Number.NaN, 1e20]) {
      expect(() => layer.forward([scores, labels([0, bad])], top, [])).toThrow(/position 1 of 'label'.*0 to 2/);
    }
    layer.forward([scores, labels([0, 2])], top, []);
  });
});
