import { dataError, inputError } from '../core/index.ts';
import { scaleBackwardParams } from '../math/affine.ts';
import { embedBackward, embedForward } from '../math/inner-product.ts';
import { create } from '../proto/index.ts';
import { countBetween } from './axes.ts';
import type { LayerType, ParamSpec } from './layer.ts';

/** A learned row for each integer label: […] → […, num_output]; labels lie in [0, input_dim). */
export const embedLayer: LayerType = {
  type: 'Embed',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  noGradientBottoms: [0],
  backwardReads: { bottoms: true, tops: false },
  create(param) {
    const p = param.embed_param ?? create('EmbedParameter');
    const outputs = p.num_output;
    let count = 0;
    for (const field of ['num_output', 'input_dim'] as const) {
      if (p[field] >= 1 && p[field] < 2 ** 31) continue;
      throw inputError({
        message: `${field} is ${p[field]}`,
        path: `embed_param > ${field}`,
        expected: 'at least 1',
        code: 'num-output',
      });
    }
    const params: ParamSpec[] = [
      { name: 'weight', shape: [p.input_dim, outputs], filler: p.weight_filler ?? undefined },
    ];
    if (p.bias_term) params.push({ name: 'bias', shape: [outputs], filler: p.bias_filler ?? undefined });
    return {
      params,
      reshape([bottom]) {
        count = countBetween(bottom!, 0);
        return [[...bottom!, outputs]];
      },
      forward([bottom], [top], [weight, bias]) {
        const labels = bottom!.data;
        for (let i = 0; i < count; i++) {
          const label = labels[i]!;
          if (Number.isInteger(label) && label >= 0 && label < p.input_dim) continue;
          throw dataError({
            message: `Embed reads the label ${label} at position ${i}`,
            path: param.name,
            expected: `an integer from 0 to ${p.input_dim - 1}`,
            code: 'label-range',
          });
        }
        embedForward(labels, weight!.data, bias?.data ?? null, top!.data, count, outputs);
      },
      backward([top], _propagate, [bottom], [weight, bias], paramPropagate) {
        const dy = top!.diff;
        if (paramPropagate[0]) embedBackward(bottom!.data, dy, weight!.diff, count, outputs);
        if (bias && paramPropagate[1])
          scaleBackwardParams(dy, dy, null, bias.diff, {
            outer: count,
            size: outputs,
            inner: 1,
            lanes: 1,
            batch: count,
          });
      },
    };
  },
};
