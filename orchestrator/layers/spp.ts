import { Blob, type Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { copyRows } from '../math/copies.ts';
import { create } from '../proto/index.ts';
import { countBetween } from './axes.ts';
import type { Layer, LayerType } from './layer.ts';
import { poolingLayer } from './pooling.ts';
import { checkFourAxes } from './pooling-window.ts';

/** One level of the pyramid: a pooling into 2^level by 2^level bins, padded evenly. */
function levelParam(level: number, pool: number, bottom: Shape, top: string) {
  const bins = 2 ** level;
  const side = (size: number) => {
    const kernel = Math.ceil(size / bins);
    return { kernel, pad: Math.floor((kernel * bins - size + 1) / 2) };
  };
  const [h, w] = [side(bottom[2]!), side(bottom[3]!)];
  return create('LayerParameter', {
    top: [top],
    pooling_param: {
      pool: pool as 0,
      kernel_h: h.kernel,
      kernel_w: w.kernel,
      stride_h: h.kernel,
      stride_w: w.kernel,
      pad_h: h.pad,
      pad_w: w.pad,
    },
  });
}

/** Spatial pyramid pooling (He et al. 2014): levels of 1, 4, 16… bins side by side, [N, C · (4^height - 1) / 3]; one level keeps four axes. */
export const sppLayer: LayerType = {
  type: 'SPP',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  backwardReads: { bottoms: false, tops: false },
  plannedBytes: (param, { tops }) => (param.spp_param?.pool ? 8 : 12) * tops[0]!.stored,
  create(param, context) {
    const p = param.spp_param ?? create('SPPParameter');
    const height = p.pyramid_height;
    let levels: { layer: Layer; blob: Blob; size: number }[] = [];
    return {
      params: [],
      privateBytes() {
        return levels.reduce(
          (sum, { layer, size, blob }) => sum + (layer.privateBytes?.() ?? 0) + 8 * size * blob.shape[0]!,
          0,
        );
      },
      reshape([bottom]) {
        checkFourAxes(bottom!, 'SPP');
        if (height < 1 || 2 ** (height - 1) > Math.min(bottom![2]!, bottom![3]!)) {
          throw inputError({
            message: `pyramid_height ${height} on an input of ${bottom![2]} × ${bottom![3]}`,
            path: 'spp_param > pyramid_height',
            expected: 'at least 1, and no more bins than pixels',
            code: 'pyramid',
          });
        }
        levels = Array.from({ length: height }, (_, level) => {
          const layer = poolingLayer.create(levelParam(level, p.pool, bottom!, 'level'), context);
          const [shape] = layer.reshape([bottom!]);
          return { layer, blob: new Blob(`${param.name}.level${level}`, shape!), size: countBetween(shape!, 1) };
        });
        if (height === 1) return [levels[0]!.blob.shape];
        return [[bottom![0]!, levels.reduce((sum, { size }) => sum + size, 0)]];
      },
      forward(bottoms, [top]) {
        const width = countBetween(top!.shape, 1);
        let at = 0;
        for (const { layer, blob, size } of levels) {
          layer.forward(bottoms, [blob], []);
          copyRows(top!.shape[0]!, size, blob.data, size, top!.data.subarray(at), width);
          at += size;
        }
      },
      backward([top], [wanted], [bottom]) {
        if (!wanted) return;
        const width = countBetween(top!.shape, 1);
        const part = new Blob('part', bottom!.shape);
        const dx = bottom!.diff.fill(0);
        let at = 0;
        for (const { layer, blob, size } of levels) {
          copyRows(top!.shape[0]!, size, top!.diff.subarray(at), width, blob.diff, size);
          layer.backward!([blob], [true], [part], [], []);
          for (let i = 0; i < dx.length; i++) dx[i]! += part.diff[i]!;
          at += size;
        }
      },
    };
  },
};
