import {
  type ConvolutionGeometry,
  type Geometry,
  type InnerProductGeometry,
  type Manifest,
  type Pass,
  widestElement,
} from '../kernels/index.ts';

/**
 * What an op is to the array: `repeats` times (groups), `turns` fillings of the array's rows × columns, each adding up `depth`
 * products. `fill` is the share of multiply-accumulators that a filling keeps busy with real rows and lanes.
 */
export interface ArrayWork {
  readonly repeats: number;
  readonly rowTurns: number;
  readonly columnTurns: number;
  readonly depth: number;
  /** Elements of C of one repeat. */
  readonly results: number;
  readonly usefulMacs: number;
  readonly aBytes: number;
  readonly bBytes: number;
  readonly cBytes: number;
  /** How many tiles of the other side an operand is read again for, unless it fits on chip. */
  readonly aPasses: number;
  readonly bPasses: number;
}

const turns = (size: number, array: number) => Math.ceil(size / array);

/** Pairs (result, tap) of one axis inside the source. Padding is not multiplied, so the array is not charged for it. */
export function tapPairs(out: number, kernel: number, stride: number, pad: number, dilation: number, size: number) {
  let pairs = 0;
  for (let k = 0; k < kernel; k++) {
    const shift = pad - k * dilation;
    const first = Math.max(0, Math.ceil(shift / stride));
    const last = Math.min(out - 1, Math.floor((size - 1 + shift) / stride));
    pairs += Math.max(0, last - first + 1);
  }
  return pairs;
}

/**
 * Backward-weights: a column of the array is a lane, a row is one (out channel, in channel) pair of one tap. The rows are laid
 * out as the factorisation o × c that needs the fewest turns. Lanes beyond the columns take turns.
 */
function pairTurns(outputs: number, inputs: number, rows: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let c = 1; c <= rows; c++) least = Math.min(least, turns(inputs, c) * turns(outputs, Math.floor(rows / c)));
  return least;
}

function convolution(g: ConvolutionGeometry, pass: Pass, manifest: Manifest, bits: number): ArrayWork {
  const pairs =
    tapPairs(g.outHeight, g.kernel[0], g.stride[0], g.pad[0], g.dilation[0], g.height) *
    tapPairs(g.outWidth, g.kernel[1], g.stride[1], g.pad[1], g.dilation[1], g.width);
  const [inputs, outputs] = [g.channels / g.groups, g.outputs / g.groups];
  const taps = g.kernel[0] * g.kernel[1];
  const blocks = Math.ceil(g.batch / g.lanes);
  const bytes = bits / 8;
  const top = blocks * g.lanes * g.outputs * g.outHeight * g.outWidth * bytes;
  const bottom = blocks * g.lanes * g.channels * g.height * g.width * bytes;
  const weights = g.outputs * inputs * taps * bytes;
  const { rows, columns } = manifest.array;
  const common = { repeats: g.groups, usefulMacs: g.batch * pairs * g.outputs * inputs };
  if (pass === 'backwardWeights') {
    // Narrow lanes leave columns free for further pixels of the same sums, so only whole-array fillings count.
    const share = Math.max(1, Math.floor(columns / g.lanes));
    return {
      ...common,
      rowTurns: pairTurns(outputs, inputs, rows),
      columnTurns: taps * turns(g.lanes, columns),
      depth: (blocks * pairs) / taps / share,
      results: outputs * inputs * taps,
      ...{ aBytes: top, bBytes: bottom, cBytes: weights },
      aPasses: turns(inputs, manifest.tiles.rows),
      bPasses: turns(outputs, manifest.tiles.rows),
    };
  }
  const forward = pass === 'forward';
  const [n, reduced] = forward ? [outputs, inputs] : [inputs, outputs];
  const pixels = forward ? g.outHeight * g.outWidth : g.height * g.width;
  return {
    ...common,
    rowTurns: turns(n, rows),
    columnTurns: turns(pixels * blocks * g.lanes, columns),
    depth: (reduced * pairs) / pixels,
    results: n * pixels * blocks * g.lanes,
    ...{ aBytes: weights, bBytes: forward ? bottom : top, cBytes: forward ? top : bottom },
    aPasses: turns(pixels * blocks * g.lanes, manifest.tiles.columns),
    bPasses: turns(n, manifest.tiles.rows),
  };
}

function innerProduct(g: InnerProductGeometry, pass: Pass, manifest: Manifest, bits: number): ArrayWork {
  const lanes = Math.ceil(g.batch / g.lanes) * g.lanes;
  const bytes = bits / 8;
  const [weights, top, bottom] = [g.inputs * g.outputs * bytes, lanes * g.outputs * bytes, lanes * g.inputs * bytes];
  const { rows, columns } = manifest.array;
  const common = { repeats: 1, usefulMacs: g.batch * g.inputs * g.outputs };
  if (pass === 'backwardWeights') {
    return {
      ...common,
      rowTurns: turns(g.outputs, rows),
      columnTurns: turns(g.inputs, columns),
      depth: g.batch,
      results: g.inputs * g.outputs,
      ...{ aBytes: top, bBytes: bottom, cBytes: weights },
      aPasses: 1,
      bPasses: 1,
    };
  }
  const [n, reduced] = pass === 'forward' ? [g.outputs, g.inputs] : [g.inputs, g.outputs];
  return {
    ...common,
    rowTurns: turns(n, rows),
    columnTurns: turns(lanes, columns),
    depth: reduced,
    results: n * lanes,
    ...{ aBytes: weights, bBytes: pass === 'forward' ? bottom : top, cBytes: pass === 'forward' ? top : bottom },
    aPasses: 1,
    bPasses: turns(n, manifest.tiles.rows),
  };
}

/** How the engine lays an op on elements of `bits` out on the array of a manifest. */
export function arrayWork(
  geometry: Geometry,
  pass: Pass,
  manifest: Manifest,
  bits: number = widestElement(manifest),
): ArrayWork {
  return geometry.kind === 'convolution'
    ? convolution(geometry, pass, manifest, bits)
    : innerProduct(geometry, pass, manifest, bits);
}

/** A plain product C[n][m] = A[n][k] B[k][m], as published GEMM figures measure it. */
export function gemmWork(n: number, m: number, k: number, manifest: Manifest): ArrayWork {
  const bytes = widestElement(manifest) / 8;
  return {
    repeats: 1,
    rowTurns: turns(n, manifest.array.rows),
    columnTurns: turns(m, manifest.array.columns),
    depth: k,
    results: n * m,
    usefulMacs: n * m * k,
    ...{ aBytes: n * k * bytes, bBytes: k * m * bytes, cBytes: n * m * bytes },
    aPasses: turns(m, manifest.tiles.columns),
    bPasses: turns(n, manifest.tiles.rows),
  };
}
