import { sameShape } from '../blob/index.ts';
import { internalError } from '../core/index.ts';
import type { Net, NetLayer } from '../net/index.ts';
import { Channels, type Ids } from './channels.ts';
import { flowThrough, type Recorder } from './flow/index.ts';
import type { ChannelGraph, Edit, ParamView, Partition, Producer, Width } from './graph.ts';

/** Collects what the rules tell, net after net; layers of one name are one. */
class Collector {
  readonly channels = new Channels();
  readonly views = new Map<string, ParamView>();
  readonly producers = new Map<string, Producer>();
  readonly widths: Width[] = [];
  readonly partitions: Partition[] = [];
  readonly edits: Edit[] = [];
  readonly addedIds: number[] = [];
  readonly notes = new Map<string, string>();
  readonly blobs: Map<string, Ids>[] = [];

  /** Runs the channels of one net through its layers. */
  run(net: Net): void {
    const ids = new Map<string, Ids>();
    this.blobs.push(ids);
    for (const layer of net.layers) {
      const tops = flowThrough({
        net,
        layer,
        bottoms: layer.bottoms.map((blob) => ids.get(blob)),
        bottomShapes: layer.bottoms.map((blob) => net.blobs.get(blob)!.shape),
        topShapes: layer.tops.map((blob) => net.blobs.get(blob)!.shape),
        record: this.recorder(net),
      });
      layer.tops.forEach((blob, i) => {
        if (tops[i]) ids.set(blob, tops[i]);
      });
    }
    for (const blob of net.outputs) this.channels.pin(ids.get(blob) ?? [], `${blob} is an output of the net`);
    this.share(net);
  }

  private recorder(net: Net): Recorder {
    const place = new Map(net.text.layer.map((param, i) => [param, i]));
    return {
      channels: this.channels,
      view: (layer, slot, ids) => this.view(net, layer, slot, ids),
      producer: (producer) => {
        if (!this.producers.has(producer.layer.name)) this.producers.set(producer.layer.name, producer);
      },
      width: (width) => this.widths.push(width),
      partition: (partition) => this.partitions.push(partition),
      edit: (layer, apply) => this.edits.push({ layer: place.get(layer.param)!, apply }),
      added: (ids) => this.addedIds.push(...ids),
      note: (layer, text) => this.notes.set(layer.name, text),
    };
  }

  private view(net: Net, layer: NetLayer, slot: number, ids: Pick<ParamView, 'rowIds' | 'columnIds'>): void {
    const param = net.params[layer.params[slot]!]!;
    const { rowIds, columnIds } = ids;
    const elements = param.shape.reduce((a, b) => a * b, 1);
    const rows = rowIds?.length ?? 1;
    // A grouped layer's columns are those of one group: a deconvolution's, like a convolution's.
    const columns = columnIds?.[0]?.length ?? 1;
    const view: ParamView = {
      ...{ layer: layer.name, slot, param, rows, columns },
      inner: elements / (rows * columns),
      ...ids,
      counted: layer.type.type !== 'BatchNorm',
    };
    const known = this.views.get(param.key);
    if (known) this.tieViews(known, view);
    else this.views.set(param.key, view);
  }

  private tieViews(a: ParamView, b: ParamView): void {
    if (a.rowIds && b.rowIds) this.channels.tieAll(a.rowIds, b.rowIds);
    a.columnIds?.forEach((ids, q) => {
      this.channels.tieAll(ids, b.columnIds![q]!);
    });
  }

  /** Layers that share a blob share its channels; where their views differ, nothing of it goes. */
  private share(net: Net): void {
    for (const param of net.params) {
      if (param.owner === param.index) continue;
      const owner = net.params[param.owner]!;
      const [a, b] = [this.views.get(owner.key), this.views.get(param.key)];
      const alike =
        a &&
        b &&
        sameShape(owner.shape, param.shape) &&
        a.rows === b.rows &&
        a.columns === b.columns &&
        a.columnIds?.length === b.columnIds?.length;
      if (alike) this.tieViews(a, b);
      else for (const view of [a, b]) if (view) this.pinView(view, `${param.key} shares ${owner.key} in another form`);
    }
  }

  private pinView(view: ParamView, reason: string): void {
    for (const ids of [view.rowIds, ...(view.columnIds ?? [])]) if (ids) this.channels.pin(ids, reason);
  }
}

/** Nets of one text have its layers in its order; upgrades may have made new objects of them. */
const sameText = (a: Net, b: Net): boolean =>
  a.text.layer.length === b.text.layer.length &&
  a.text.layer.every(({ name, type }, i) => name === b.text.layer[i]!.name && type === b.text.layer[i]!.type);

/**
 * Follows every channel through the nets of one text, e.g. its training and its test phase. The nets must be built from the same
 * NetParameter.
 */
export function analyseChannels(nets: readonly Net[]): ChannelGraph {
  const [first] = nets;
  if (!first || nets.some((net) => !sameText(net, first))) throw internalError('nets of different texts');
  const all = new Collector();
  for (const net of nets) all.run(net);
  const { channels, views, producers, widths, partitions, edits, notes, blobs } = all;
  const added = Int32Array.from(all.addedIds);
  return { text: first.text, nets, channels, blobs, views, producers, widths, partitions, edits, added, notes };
}
