import type { Problem } from '../core/index.ts';
import type { Phase } from '../layers/index.ts';
import {
  isSet,
  type LayerParameter,
  type NetParameter,
  type NetStateRule,
  Phase as PhaseNumber,
  spanOf,
} from '../proto/index.ts';

/** What include and exclude rules are held against. */
export interface State {
  readonly phase: Phase;
  readonly level: number;
  readonly stages: ReadonlySet<string>;
}

/** Every condition the rule names must hold; an empty rule holds always. */
export function stateMeetsRule(state: State, rule: NetStateRule): boolean {
  if (isSet(rule, 'phase') && (rule.phase === PhaseNumber.TRAIN ? 'TRAIN' : 'TEST') !== state.phase) return false;
  if (isSet(rule, 'min_level') && state.level < rule.min_level) return false;
  if (isSet(rule, 'max_level') && state.level > rule.max_level) return false;
  return rule.stage.every((s) => state.stages.has(s)) && !rule.not_stage.some((s) => state.stages.has(s));
}

/** The layers that belong to a state: any include rule met where there are some, else no exclude rule met. */
export function filterLayers(net: NetParameter, state: State, problems: Problem[]): LayerParameter[] {
  return net.layer.filter((layer) => {
    if (layer.include.length > 0 && layer.exclude.length > 0) {
      problems.push({
        message: 'both include and exclude rules are given',
        expected: 'rules of one of the two kinds',
        span: spanOf(layer, 'exclude', 0),
        path: layer.name,
        code: 'include-and-exclude',
      });
    }
    if (layer.include.length > 0) return layer.include.some((rule) => stateMeetsRule(state, rule));
    return !layer.exclude.some((rule) => stateMeetsRule(state, rule));
  });
}
