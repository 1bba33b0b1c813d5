import { nearest, type Problem } from '../core/index.ts';
import { create, type LayerParameter, spanOf } from '../proto/index.ts';
import { MOST_PROBLEMS } from './failure.ts';

/** A layer with its blobs by name, after splits. `param` stays the message of the text, whose positions are known. */
export interface Wired {
  readonly name: string;
  readonly param: LayerParameter;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  /** As in the text; moved from the producer to its split where the blob is split. */
  lossWeights: readonly number[];
  readonly inserted: boolean;
}

/** One top of one layer, the source of a number of bottoms. */
interface Source {
  readonly layer: string;
  readonly blob: string;
  readonly slot: number;
  uses: number;
  handedOut: number;
  lossWeight: number;
}

/**
 * Caffe's InsertSplits: a blob with several consumers (a loss weight counts as one) goes through a Split layer named
 * `<blob>_<layer>_<slot>_split` with tops `…_split_0`, `…_split_1`, … Every bottom without a source is reported.
 */
export function insertSplits(layers: readonly LayerParameter[], problems: Problem[]): Wired[] {
  const { sourcesOf, topsOf } = sources(layers, problems);
  const wired: Wired[] = [];
  layers.forEach((param, i) => {
    const bottoms = sourcesOf[i]!;
    const tops = topsOf[i]!;
    const layer: Wired = {
      name: param.name,
      param,
      bottoms: bottoms.some(isSplit) ? param.bottom.map((blob, j) => handOut(bottoms[j]) ?? blob) : param.bottom,
      tops: param.top,
      lossWeights: param.loss_weight,
      inserted: false,
    };
    wired.push(layer);
    for (const source of tops) {
      if (!isSplit(source)) continue;
      wired.push(splitLayer(source));
      if (source.lossWeight !== 0) {
        if (layer.lossWeights === param.loss_weight) layer.lossWeights = [...param.loss_weight];
        (layer.lossWeights as number[])[source.slot] = 0;
        source.handedOut++;
      }
    }
  });
  return wired;
}

/** For each layer, what its bottoms read and what its tops are, with the number of uses. */
function sources(layers: readonly LayerParameter[], problems: Problem[]) {
  const last = new Map<string, Source>();
  let known: ReadonlySet<string> | undefined;
  const sourcesOf: (Source | undefined)[][] = [];
  const topsOf: Source[][] = [];
  for (const layer of layers) {
    const read = layer.bottom.map((blob) => last.get(blob));
    read.forEach((source, j) => {
      if (source) source.uses++;
      else if (problems.length < MOST_PROBLEMS) {
        known ??= new Set(layers.flatMap((l) => l.top));
        problems.push(unknownBottom(layer, layer.bottom[j]!, j, known, last));
      }
    });
    sourcesOf.push(read);
    const tops = layer.top.map((blob, slot) => {
      const source = { layer: layer.name, blob, slot, uses: 0, handedOut: 0, lossWeight: 0 };
      last.set(blob, source);
      return source;
    });
    topsOf.push(tops);
    for (let j = 0; j < Math.min(layer.loss_weight.length, tops.length); j++) {
      // Of a name given twice, the last top counts.
      const source = last.get(layer.top[j]!)!;
      source.lossWeight = layer.loss_weight[j]!;
      if (source.lossWeight !== 0) source.uses++;
    }
  }
  return { sourcesOf, topsOf };
}

const isSplit = (source: Source | undefined): source is Source => source !== undefined && source.uses > 1;

/** The next top of a source's split. */
const handOut = (source: Source | undefined) =>
  isSplit(source) ? `${splitName(source)}_${source.handedOut++}` : undefined;

const splitName = (source: Source) => `${source.blob}_${source.layer}_${source.slot}_split`;

function splitLayer(source: Source): Wired {
  const name = splitName(source);
  const tops = Array.from({ length: source.uses }, (_, k) => `${name}_${k}`);
  const lossWeights = source.lossWeight === 0 ? [] : tops.map((_, k) => (k === 0 ? source.lossWeight : 0));
  const param = create('LayerParameter', {
    name,
    type: 'Split',
    bottom: [source.blob],
    top: tops,
    loss_weight: lossWeights,
  });
  return { name, param, bottoms: [source.blob], tops, lossWeights, inserted: true };
}

function unknownBottom(
  layer: LayerParameter,
  blob: string,
  index: number,
  known: ReadonlySet<string>,
  before: ReadonlyMap<string, unknown>,
): Problem {
  const later = known.has(blob);
  const near = nearest(blob, before.keys());
  return {
    message: `bottom '${blob}' is made by no layer ${later ? 'before this one' : 'of this phase'}`,
    path: `${layer.name} > bottom`,
    span: spanOf(layer, 'bottom', index),
    expected: 'a top of an earlier layer',
    hint: later
      ? 'layers run in the order of the text: move its producer up'
      : near
        ? `did you mean '${near}'?`
        : 'its producer may be excluded in this phase, level or stage',
    code: 'unknown-bottom',
  };
}
