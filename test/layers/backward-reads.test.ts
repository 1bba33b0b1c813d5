import { describe, expect, it } from 'vitest';
import { Blob, storedCount } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { type LayerType, layerTypes } from '../../orchestrator/layers/index.ts';
import { blobOf, context, layerOf } from './golden-case.ts';
import { draw, type GradientCase, records } from './records/index.ts';

// What a type says its backward does not read may be overwritten before backward: here with NaN. Gradients must not change a bit.

const a = { shape: [2, 3, 4, 4] };
type Case = Omit<GradientCase, 'reference'>;

/** Texts whose backward keeps or reads something else than the gradient records' do. */
const more: Record<string, readonly Case[]> = {
  BatchNorm: [
    { text: 'batch_norm_param { use_global_stats: true }', inputs: [a], fixedParams: true, paramKind: 'positive' },
  ],
  Eltwise: [
    { text: 'eltwise_param { operation: PROD stable_prod_grad: false }', inputs: [{ ...a, kind: 'nonzero' }, a] },
    { text: 'eltwise_param { operation: MAX }', inputs: [a, a, a] },
  ],
  ReLU: [-0.5, 0.5].map((slope) => ({ text: `relu_param { negative_slope: ${slope} }`, inputs: [a] })),
  Pooling: ['MAX', 'AVE', 'STOCHASTIC'].map((pool) => ({
    text: `pooling_param { pool: ${pool} kernel_size: 2 stride: 2 }`,
    inputs: [{ ...a, kind: 'positive' as const }],
  })),
  LRN: ['ACROSS_CHANNELS', 'WITHIN_CHANNEL'].map((region) => ({
    text: `lrn_param { local_size: 3 norm_region: ${region} }`,
    inputs: [a],
  })),
  Scale: [{ inputs: [a, { shape: [2, 3] }], text: 'scale_param { axis: 0 bias_term: true }' }],
};

const names = (stem: string, count: number, first?: string) =>
  Array.from({ length: count }, (_, i) => (i === 0 && first ? first : `${stem}${i}`));

function gradients(type: LayerType, test: Case, inPlace: boolean, poison: boolean): Float32Array[] {
  const random = new RandomStream(5, type.type);
  const bottomNames = names('b', test.inputs.length);
  const topNames = names('t', test.tops ?? 1, inPlace ? 'b0' : undefined);
  const list = (word: string, of: readonly string[]) => of.map((n) => `${word}: "${n}"`).join(' ');
  const text = `layer { name: "l" type: "${type.type}" ${list('bottom', bottomNames)} ${list('top', topNames)} ${test.text ?? ''} }`;
  const { layer, param } = layerOf(text, context(test.phase ?? 'TRAIN'));
  const bottoms = test.inputs.map(({ shape, kind }, i) =>
    blobOf(`b${i}`, shape, draw(shape, kind ?? 'normal', random)),
  );
  const shapes = layer.reshape(bottoms.map((b) => b.shape));
  const tops = shapes.map((shape, i) => {
    const shared = inPlace && i === 0 ? { data: bottoms[0]!.dataTensor, diff: bottoms[0]!.diffTensor } : {};
    return new Blob(`t${i}`, shape, undefined, shared);
  });
  const params = layer.params.map((p) => blobOf(p.name, p.shape, draw(p.shape, test.paramKind ?? 'normal', random)));
  layer.forward(bottoms, tops, params, true);
  for (const top of tops) top.diff.set(draw(top.shape, 'nonzero', random));
  const { backwardReads = {} } = type;
  const reads = typeof backwardReads === 'function' ? backwardReads(param, inPlace) : backwardReads;
  if (poison) {
    const kept = new Set([
      ...(reads.bottoms === false ? [] : bottoms.map((b) => b.dataTensor)),
      ...(reads.tops === false ? [] : tops.map((t) => t.dataTensor)),
    ]);
    for (const blob of [...bottoms, ...tops]) if (!kept.has(blob.dataTensor)) blob.data.fill(Number.NaN);
  }
  const learned = params.map(() => !test.fixedParams);
  const wanted = test.inputs.map((input) => !input.fixed);
  layer.backward!(tops, wanted, bottoms, params, learned);
  const use = (blob: Blob) => ({ shape: blob.shape, stored: storedCount(blob.shape, blob.layout) });
  const planned = type.plannedBytes?.(param, {
    bottoms: bottoms.map(use),
    tops: tops.map(use),
    phase: test.phase ?? 'TRAIN',
    inPlace,
    backward: true,
  });
  expect(planned ?? 0, 'bytes planned for the layer itself').toBe(layer.privateBytes?.() ?? 0);
  return [...bottoms.filter((_, i) => wanted[i]), ...(test.fixedParams ? [] : params)].map((b) => b.diff.slice());
}

describe('what backward does not read may be overwritten', () => {
  it('and a wrong word about it is noticed', () => {
    const { backwardReads: _, ...type } = layerTypes.get('InnerProduct')!;
    const wrong = { ...type, backwardReads: { bottoms: false, tops: false } };
    const test: Case = { text: 'inner_product_param { num_output: 2 }', inputs: [a] };
    expect(gradients(wrong, test, false, true)).not.toEqual(gradients(wrong, test, false, false));
  });

  for (const [name, record] of records) {
    const type = layerTypes.get(name);
    if (!type || 'noGradient' in record) continue;
    for (const test of [...record.cases, ...(more[name] ?? [])]) {
      for (const inPlace of type.inPlace ? [false, true] : [false]) {
        it(`${name}${inPlace ? ' in place' : ''} ${test.text ?? ''}`, () => {
          expect(gradients(type, test, inPlace, true)).toEqual(gradients(type, test, inPlace, false));
        });
      }
    }
  }
});
