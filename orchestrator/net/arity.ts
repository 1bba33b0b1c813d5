import type { Shape } from '../blob/index.ts';
import type { Problem } from '../core/index.ts';
import type { Arity, LayerType } from '../layers/index.ts';
import { type LayerParameter, spanOf } from '../proto/index.ts';

function amount({ min, max }: Arity, noun: string): string {
  const plural = (n: number) => `${n} ${noun}${n === 1 ? '' : 's'}`;
  if (min === max) return `exactly ${plural(min)}`;
  if (max >= Number.MAX_SAFE_INTEGER) return `at least ${plural(min)}`;
  return min === 0 ? `at most ${plural(max)}` : `${min} to ${plural(max)}`;
}

/** Checks the number of bottoms and tops (automatic ones counted) and the lists that run parallel to them. */
export function checkArity(type: LayerType, param: LayerParameter, tops: number, problems: Problem[]): boolean {
  const before = problems.length;
  const refuse = (field: string, message: string, expected: string) =>
    problems.push({
      message,
      expected,
      path: `${param.name} > ${field}`,
      span: spanOf(param, field, 0) ?? spanOf(param, 'type') ?? spanOf(param),
      code: 'arity',
    });
  const bottoms = param.bottom.length;
  if (bottoms < type.bottoms.min || bottoms > type.bottoms.max) {
    refuse('bottom', `${type.type} has ${bottoms} bottoms`, amount(type.bottoms, 'bottom'));
  }
  if (tops < type.tops.min || tops > type.tops.max) {
    refuse('top', `${type.type} has ${tops} tops`, amount(type.tops, 'top'));
  }
  if (type.equalBottomsAndTops && bottoms !== tops) {
    refuse('top', `${type.type} has ${bottoms} bottoms and ${tops} tops`, 'one top for each bottom');
  }
  if (param.propagate_down.length > 0 && param.propagate_down.length !== bottoms) {
    refuse(
      'propagate_down',
      `propagate_down is given ${param.propagate_down.length} times for ${bottoms} bottoms`,
      'none, or one for each bottom',
    );
  }
  return problems.length === before;
}

/** Types that read their bottom by Caffe's four names (num, channels, height, width), which exist for four axes at most. */
const FOUR_AXES = new Set(['PReLU', 'MVN', 'SPP', 'ContrastiveLoss']);

/** Refuses blobs of more axes than Caffe's layer can read. */
export function checkAxes(param: LayerParameter, bottoms: readonly Shape[], problems: Problem[]): boolean {
  const shape = FOUR_AXES.has(param.type) ? bottoms.find((b) => b.length > 4) : undefined;
  if (!shape) return true;
  problems.push({
    message: `${param.type} gets a blob of ${shape.length} axes: [${shape.join(' ')}]`,
    expected: 'at most 4 axes',
    path: `${param.name} > bottom`,
    span: spanOf(param, 'bottom', 0) ?? spanOf(param),
    code: 'too-many-axes',
  });
  return false;
}
