import type { Blob, Shape } from '../blob/index.ts';
import { type CremaError, dataError, inputError } from '../core/index.ts';
import { countBetween, shapeText } from './axes.ts';

/** Scores as [outer][classes][inner] around the class axis, with one label for every outer and inner position. */
export function labelledExtent(scores: Shape, labels: Shape, axis: number): readonly [number, number, number] {
  const outer = countBetween(scores, 0, axis);
  const inner = countBetween(scores, axis + 1);
  if (outer * inner !== countBetween(labels, 0)) {
    throw inputError({
      message: `scores of ${shapeText(scores)} along axis ${axis} need ${outer * inner} labels, bottom 1 is ${shapeText(labels)}`,
      path: 'bottom[1]',
      expected: `${outer * inner} labels, one for each position`,
      hint: 'labels are class numbers, not one-hot vectors',
      code: 'label-count',
    });
  }
  return [outer, scores[axis]!, inner];
}

/** What every loss asks: as many items in the first bottom as in the second. */
export function checkFirstAxis([data, label]: readonly Shape[]): void {
  if (data!.length > 0 && label!.length > 0 && data![0] === label![0]) return;
  throw inputError({
    message: `bottom 0 is ${shapeText(data!)}, bottom 1 is ${shapeText(label!)}`,
    path: 'bottom[1]',
    expected: 'the same first dimension',
    code: 'loss-batch',
  });
}

/** A label that is no class: the data is wrong, or num_output is too small. */
export function badLabel(labels: Blob, position: number, classes: number): CremaError {
  return dataError({
    message: `label ${labels.data[position]} at position ${position} of '${labels.name}'`,
    expected: `a class from 0 to ${classes - 1}`,
    hint: 'is num_output the number of classes? Labels to leave out: loss_param { ignore_label }',
    code: 'bad-label',
  });
}
