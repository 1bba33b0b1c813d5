import type { Net, NetLayer, NetParam } from '../net/index.ts';
import type { LayerParameter, NetParameter } from '../proto/index.ts';
import type { Channels, Ids } from './channels.ts';

/** A parameter blob as a matrix [rows][columns][inner], with the channels its rows and columns belong to. */
export interface ParamView {
  /** Name of the layer and position among its blobs. */
  readonly layer: string;
  readonly slot: number;
  readonly param: NetParam;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly rowIds?: Ids;
  /** One list per group of rows (grouped convolutions), each of `columns` channels. */
  readonly columnIds?: readonly Ids[];
  /** Statistics (BatchNorm) are no parameters: they do not count. */
  readonly counted: boolean;
}

/** A layer whose weights make channels: what a ranker looks at. */
export interface Producer {
  readonly layer: NetLayer;
  readonly outputs: Ids;
  /** Which axis of the weight matrix the outputs are. */
  readonly axis: 'rows' | 'columns';
  /** Each input channel feeds outputs of its own only. */
  readonly depthwise: boolean;
}

/** Channels of which some must stay. */
export interface Width {
  readonly layer: string;
  readonly ids: Ids;
  /** Outputs of a layer, or a piece that must not vanish. */
  readonly kind: 'outputs' | 'piece';
}

/** Groups of a grouped convolution: as many channels must go from each part. */
export interface Partition {
  readonly layer: string;
  readonly parts: readonly Ids[];
}

/** How the text of a layer follows. `kept` counts or lists the surviving positions of a list of channels. */
export interface Edit {
  /** Its place in the text. */
  readonly layer: number;
  readonly apply: (copy: LayerParameter, kept: Kept) => void;
}

/** Which channels survive. */
export interface Kept {
  has(id: number): boolean;
  count(ids: Ids): number;
}

/** The channels of one or more nets of a text (its phases), where they run, and what ties them. */
export interface ChannelGraph {
  readonly text: NetParameter;
  readonly nets: readonly Net[];
  readonly channels: Channels;
  /** Channels of each net's blobs, by blob. */
  readonly blobs: readonly ReadonlyMap<string, Ids>[];
  /** By key `layer[slot]`; layers of one name in several phases have one entry. */
  readonly views: ReadonlyMap<string, ParamView>;
  readonly producers: ReadonlyMap<string, Producer>;
  readonly widths: readonly Width[];
  readonly partitions: readonly Partition[];
  readonly edits: readonly Edit[];
  /** Channels that an Eltwise ties. */
  readonly added: Ids;
  /** What is not exact, by layer: e.g. an LRN whose neighbours change. */
  readonly notes: ReadonlyMap<string, string>;
}
