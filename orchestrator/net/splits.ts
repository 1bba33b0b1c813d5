import { nearest, type Problem } from '../core/index.ts';
import { create, type LayerParameter, spanOf } from '../proto/index.ts';
import { MOST_PROBLEMS } from './failure.ts';

/** A layer with its blobs by name, after splits. `param` stays the message of the text, whose positions are known. */
export interface Wired {
  readonly name: string;
  readonly param: LayerParameter;
  readonly bottoms: string[];
  readonly tops: string[];
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
  const last = new Map<string, Source>();
  const known = new Set(layers.flatMap((l) => l.top));
  const sourceOf: (Source | undefined)[][] = [];
  const topsOf: Source[][] = [];
  layers.forEach((layer) => {
    sourceOf.push(
      layer.bottom.map((blob, j) => {
        const source = last.get(blob);
        if (source) source.uses++;
        else if (problems.length < MOST_PROBLEMS) problems.push(unknownBottom(layer, blob, j, known, last));
        return source;
      }),
    );
    topsOf.push(
      layer.top.map((blob, slot) => {
        const source = { layer: layer.name, blob, slot, uses: 0, handedOut: 0, lossWeight: 0 };
        last.set(blob, source);
        return source;
      }),
    );
    for (let j = 0; j < Math.min(layer.loss_weight.length, layer.top.length); j++) {
      const source = last.get(layer.top[j]!)!;
      source.lossWeight = layer.loss_weight[j]!;
      if (source.lossWeight !== 0) source.uses++;
    }
  });
  const wired: Wired[] = [];
  layers.forEach((param, i) => {
    const bottoms = param.bottom.map((blob, j) => {
      const source = sourceOf[i]![j];
      return source && source.uses > 1 ? `${splitName(source)}_${source.handedOut++}` : blob;
    });
    const layer: Wired = {
      name: param.name,
      param,
      bottoms,
      tops: [...param.top],
      lossWeights: param.loss_weight,
      inserted: false,
    };
    wired.push(layer);
    for (const source of topsOf[i]!) {
      if (source.uses <= 1) continue;
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
