import { clone } from '../message.ts';
import type { LayerParameter, NetParameter } from '../messages.ts';

const isOld = (layer: LayerParameter): boolean => layer.type === 'BatchNorm' && layer.param.length === 3;

export const needsBatchNorm = (net: NetParameter): boolean => net.layer.some(isOld);

/** BatchNorm's three blobs are statistics: files that say `param` for them get rate and decay factors of zero. */
export function upgradeBatchNorm(net: NetParameter): NetParameter {
  const result = clone(net);
  for (const layer of result.layer.filter(isOld)) {
    for (const spec of layer.param) {
      spec.lr_mult = 0;
      spec.decay_mult = 0;
    }
  }
  return result;
}
