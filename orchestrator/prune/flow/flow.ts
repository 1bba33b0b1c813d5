import type { Shape } from '../../blob/index.ts';
import type { Net, NetLayer } from '../../net/index.ts';
import type { LayerParameter } from '../../proto/index.ts';
import type { Channels, Ids } from '../channels.ts';
import type { Kept, ParamView, Partition, Producer, Width } from '../graph.ts';

/** What a rule tells about a layer beside the channels of its tops. */
export interface Recorder {
  readonly channels: Channels;
  view(layer: NetLayer, slot: number, ids: Pick<ParamView, 'rowIds' | 'columnIds'>): void;
  producer(producer: Producer): void;
  width(width: Width): void;
  partition(partition: Partition): void;
  edit(layer: NetLayer, apply: (copy: LayerParameter, kept: Kept) => void): void;
  added(ids: Ids): void;
  note(layer: NetLayer, text: string): void;
}

/** A layer on the way through the net. Blobs with fewer than two axes have no channels. */
export interface Flow {
  readonly net: Net;
  readonly layer: NetLayer;
  readonly bottoms: readonly (Ids | undefined)[];
  readonly bottomShapes: readonly Shape[];
  readonly topShapes: readonly Shape[];
  readonly record: Recorder;
}

/** Channels of the tops. */
export type FlowRule = (flow: Flow) => readonly (Ids | undefined)[];

/** The layer cannot be reasoned about: everything it touches stays. */
export function stay(flow: Flow, why: string): readonly (Ids | undefined)[] {
  const { channels } = flow.record;
  const reason = `${flow.layer.name} (${flow.layer.type.type}) ${why}`;
  for (const ids of flow.bottoms) if (ids) channels.pin(ids, reason);
  return flow.topShapes.map((shape) => {
    if (shape.length < 2) return undefined;
    const ids = channels.fresh(shape[1]!);
    channels.pin(ids, reason);
    return ids;
  });
}

/** Channel c of bottom i is channel c of top i; a single bottom serves every top. */
export const pass: FlowRule = ({ bottoms, topShapes }) => topShapes.map((_, i) => bottoms[i] ?? bottoms[0]);

/** Caffe's canonical axis, for axes that were checked when the net was built. */
export const canonical = (axis: number, shape: Shape): number => (axis < 0 ? axis + shape.length : axis);

export const countFrom = (shape: Shape, axis: number): number => shape.slice(axis).reduce((a, b) => a * b, 1);
