import { inputError } from '../core/index.ts';
import { scaleBackwardParams } from '../math/affine.ts';
import { innerProductBackwardData, innerProductBackwardWeights, innerProductForward } from '../math/inner-product.ts';
import { create } from '../proto/index.ts';
import { canonicalAxis, countBetween } from './axes.ts';
import type { LayerType, ParamSpec } from './layer.ts';

/** Every axis from `axis` on is one vector: [M…, K…] → [M…, num_output]. Weights [num_output, K], or [K, num_output] if `transpose`. */
export const innerProductLayer: LayerType = {
  type: 'InnerProduct',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  backwardReads: { bottoms: true, tops: false },
  create(param) {
    const p = param.inner_product_param ?? create('InnerProductParameter');
    const outputs = p.num_output;
    const transpose = Number(p.transpose);
    let batch = 0;
    let inputs = 0;
    const params: ParamSpec[] = [];
    return {
      params,
      reshape([bottom]) {
        if (outputs < 1 || outputs >= 2 ** 31) {
          throw inputError({
            message: `num_output is ${outputs}`,
            path: 'inner_product_param > num_output',
            expected: 'at least 1',
            code: 'num-output',
          });
        }
        const axis = canonicalAxis(p.axis, bottom!, 'inner_product_param > axis');
        batch = countBetween(bottom!, 0, axis);
        inputs = countBetween(bottom!, axis);
        const shape = transpose ? [inputs, outputs] : [outputs, inputs];
        params.splice(0, params.length, { name: 'weight', shape, filler: p.weight_filler ?? undefined });
        if (p.bias_term) params.push({ name: 'bias', shape: [outputs], filler: p.bias_filler ?? undefined });
        return [[...bottom!.slice(0, axis), outputs]];
      },
      forward([bottom], [top], [weight, bias]) {
        innerProductForward(
          bottom!.data,
          weight!.data,
          bias?.data ?? null,
          top!.data,
          batch,
          inputs,
          outputs,
          transpose,
        );
      },
      backward([top], [wanted], [bottom], [weight, bias], paramPropagate) {
        const dy = top!.diff;
        if (paramPropagate[0])
          innerProductBackwardWeights(bottom!.data, dy, weight!.diff, batch, inputs, outputs, transpose);
        if (bias && paramPropagate[1])
          scaleBackwardParams(dy, dy, null, bias.diff, { outer: batch, size: outputs, inner: 1, lanes: 1, batch });
        if (wanted) innerProductBackwardData(dy, weight!.data, bottom!.diff, batch, inputs, outputs, transpose);
      },
    };
  },
};
