import { isSet, type LayerParameter, LossParameter_NormalizationMode as Mode } from '../proto/index.ts';

/** How a loss sum is divided: `normalization`, or the older `normalize`, or the layer's default. */
export function normalizationOf(param: LayerParameter, byDefault: Mode): Mode {
  const loss = param.loss_param;
  if (isSet(loss, 'normalization')) return loss!.normalization;
  if (isSet(loss, 'normalize')) return loss!.normalize ? Mode.VALID : Mode.BATCH_SIZE;
  return byDefault;
}

export const ignoredLabel = (param: LayerParameter): number | undefined =>
  isSet(param.loss_param, 'ignore_label') ? param.loss_param!.ignore_label : undefined;

/** The divisor, at least 1 so that a batch in which everything is ignored gives 0. `counted`: labels not ignored. */
export function normalizer(mode: Mode, outer: number, inner: number, counted: number): number {
  const divisor =
    mode === Mode.FULL ? outer * inner : mode === Mode.VALID ? counted : mode === Mode.BATCH_SIZE ? outer : 1;
  return Math.max(1, divisor);
}
