import type { Session } from '../../executor/index.ts';
import { buildNet, closeNet, createParams, type Net, type NetOptions, type ParamSet } from '../../net/index.ts';
import { type NetParameter, upgradeNet } from '../../proto/index.ts';
import {
  analyseChannels,
  type ChannelGraph,
  type Pruned,
  type PruneSettings,
  prune,
  rankerNamed,
  sliced,
  sliceHistory,
  TaylorEvidence,
  valuesOf,
} from '../../prune/index.ts';
import { loadLayers, saveLayers } from '../../snapshot/index.ts';
import type { RunState } from '../../solver/index.ts';
import { type CriterionName, criterionNamed } from './criteria.ts';

/** How a procedure prunes: everything but the level. */
export interface CutSettings extends Omit<PruneSettings, 'level' | 'criterion' | 'sensitivity'> {
  readonly criterion?: CriterionName | undefined;
  /** Mini-batches of training data that a ranker by gradients looks at; default 30. */
  readonly batches?: number | undefined;
}

export interface CutNet extends Pruned {
  /** Weights and optimiser history of what stays; other parts of the state as given. */
  readonly state: RunState;
}

const BATCHES = 30;

/** Sensitivities over mini-batches of training data. Data cursors and random positions are put back where they were. */
function gather(graph: ChannelGraph, net: Net, params: ParamSet, session: Session, batches: number) {
  const places = saveLayers(net);
  const execution = session.execute(net, params);
  const evidence = new TaylorEvidence(graph);
  try {
    for (let i = 0; i < batches; i++) {
      execution.forward();
      execution.backward(false);
      execution.collectGradients();
      evidence.add(valuesOf(params), valuesOf(params, 'diff'));
    }
  } finally {
    execution.close();
    loadLayers(net, places);
  }
  return evidence.sensitivity;
}

/**
 * Prunes a net whose training state is in memory. `text` names its own data where the ranker wants gradients. `states`: every form of the text that
 * is to be cut alike, the one that trains first. Weights and history of what stays go along.
 */
export function cutNet(
  given: NetParameter,
  file: string,
  state: RunState,
  level: number,
  settings: CutSettings,
  session: Session,
  states: readonly NetOptions[] = [{ phase: 'TRAIN' }, { phase: 'TEST' }],
): CutNet {
  const text = upgradeNet(given);
  const seed = settings.seed ?? 1;
  const nets = states.map((options) => buildNet(text, { ...options, file, seed }));
  const train = nets[0]!;
  try {
    const graph = analyseChannels(nets);
    let sensitivity: ReadonlyMap<string, Float64Array> | undefined;
    if (rankerNamed(settings.ranker ?? 'mean-abs').needsGradients) {
      const params = createParams(train, seed);
      for (const { key, index } of train.params) params.blobs[index]!.data.set(state.weights.get(key)!);
      sensitivity = gather(graph, train, params, session, settings.batches ?? BATCHES);
    }
    const criterion = criterionNamed(settings.criterion ?? 'parameters', file, session);
    const pruned = prune(graph, state.weights, { ...settings, level, criterion, sensitivity });
    const weights = new Map(
      [...state.weights].map(([key, data]) => {
        const view = graph.views.get(key);
        return [key, view ? sliced(view, pruned.kept, data) : data];
      }),
    );
    const history = state.history && sliceHistory(graph, pruned.kept, train, state.history);
    return { ...pruned, state: { ...state, weights, history } };
  } finally {
    for (const net of nets) closeNet(net);
  }
}
