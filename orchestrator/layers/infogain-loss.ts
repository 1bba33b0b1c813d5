import { readFileSync } from 'node:fs';
import type { Blob, Shape } from '../blob/index.ts';
import { dataError, inputError } from '../core/index.ts';
import { type Extent, infogainLossBackward, infogainLossForward } from '../math/losses.ts';
import { softmaxForward } from '../math/normalize.ts';
import { decode, type LayerParameter, LossParameter_NormalizationMode as Mode } from '../proto/index.ts';
import { canonicalAxis, countBetween, shapeText } from './axes.ts';
import { badLabel, checkFirstAxis, labelledExtent } from './labels.ts';
import type { Layer, LayerContext, LayerType } from './layer.ts';
import { ignoredLabel, normalizationOf, normalizer } from './normalization.ts';

function refuse(message: string, path: string, expected: string): never {
  throw inputError({ message, path, expected, code: 'infogain' });
}

class InfogainLoss implements Layer {
  readonly params = [];
  private readonly axis: number;
  private readonly source: string;
  private readonly mode: Mode;
  private readonly ignore: number | undefined;
  private readonly tops: number;
  private readonly context: LayerContext;
  private extent: Extent = [1, 1, 1];
  private fromFile: Float32Array | undefined;
  private probability = new Float32Array(0);
  private divisor = 1;

  constructor(param: LayerParameter, context: LayerContext) {
    this.axis = param.infogain_loss_param?.axis ?? 1;
    this.source = param.infogain_loss_param?.source ?? '';
    this.mode = normalizationOf(param, Mode.VALID);
    this.ignore = ignoredLabel(param);
    this.tops = param.top.length;
    this.context = context;
    if (param.bottom.length < 3 && this.source === '') {
      refuse('no infogain matrix', 'infogain_loss_param > source', 'a third bottom, or a binaryproto file as source');
    }
  }

  privateBytes(): number {
    return this.probability.byteLength;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    checkFirstAxis(bottoms);
    const axis = canonicalAxis(this.axis, bottoms[0]!, 'infogain_loss_param > axis');
    this.extent = labelledExtent(bottoms[0]!, bottoms[1]!, axis);
    const [, classes] = this.extent;
    const matrix = bottoms[2];
    if (
      matrix &&
      (matrix.at(-1) !== classes || matrix.at(-2) !== classes || countBetween(matrix, 0) !== classes ** 2)
    ) {
      refuse(`the infogain matrix is ${shapeText(matrix)}`, 'bottom[2]', `[1, 1, ${classes}, ${classes}]`);
    }
    return this.tops > 1 ? [[], bottoms[0]!] : [[]];
  }

  private matrix(bottom: Blob | undefined): Float32Array {
    if (bottom) return bottom.data;
    if (this.fromFile) return this.fromFile;
    const path = this.context.resolve(this.source);
    const expected = 'a BlobProto in a binaryproto file';
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (cause) {
      throw dataError({ message: `cannot read ${path}`, path: 'infogain_loss_param > source', expected }, cause);
    }
    const { data } = decode('BlobProto', bytes);
    const wanted = this.extent[1] ** 2;
    if (data.length !== wanted) {
      throw dataError({
        message: `${path} holds ${data.length} numbers`,
        expected: `${wanted}: one for each pair of classes`,
      });
    }
    this.fromFile = Float32Array.from(data);
    return this.fromFile;
  }

  forward([scores, labels, matrix]: readonly Blob[], [top, second]: readonly Blob[]): void {
    const [outer, classes, inner] = this.extent;
    if (this.probability.length !== scores!.count) this.probability = new Float32Array(scores!.count);
    softmaxForward(scores!.data, this.probability, outer, classes, inner);
    const gains = this.matrix(matrix);
    const result = infogainLossForward(this.extent, this.ignore, this.probability, labels!.data, gains);
    if (result.badLabel >= 0) throw badLabel(labels!, result.badLabel, classes);
    this.divisor = normalizer(this.mode, outer, inner, result.counted);
    top!.data[0] = result.sum / this.divisor;
    second?.data.set(this.probability);
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [scores, labels, matrix]: readonly Blob[]): void {
    if (!wanted) return;
    const scale = top!.diff[0]! / this.divisor;
    const gains = this.matrix(matrix);
    infogainLossBackward(this.extent, this.ignore, scale, this.probability, labels!.data, gains, scores!.diff);
  }
}

/** Softmax loss in which every class counts, weighted by the label's row of a matrix: third bottom, or file. */
export const infogainLossLayer: LayerType = {
  type: 'InfogainLoss',
  bottoms: { min: 2, max: 3 },
  tops: { min: 1, max: 2 },
  layouts: 'nchw',
  isLoss: true,
  autoTops: true,
  noGradientBottoms: [1, 2],
  backwardReads: { bottoms: true, tops: false },
  plannedBytes: (_, { bottoms }) => 4 * bottoms[0]!.stored,
  create: (param, context) => new InfogainLoss(param, context),
};
