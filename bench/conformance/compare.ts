/** Layer types whose values are integers, places or plain copies: these must agree exactly. */
const EXACT = new Set([
  'ArgMax',
  'Filter',
  'Crop',
  'Flatten',
  'Reshape',
  'Slice',
  'Concat',
  'Tile',
  'BatchReindex',
  'Im2col',
]);

export interface Difference {
  /** Largest |x - reference| over the tolerance: at most 1 passes. */
  readonly ratio: number;
  readonly message: string;
}

/** |x - ref| ≤ 1e-5 · maxabs + 1e-7 for every element; exact types and their forward values without tolerance. */
export function compare(
  what: string,
  values: ArrayLike<number>,
  reference: ArrayLike<number>,
  maxabs: number | undefined,
  type = '',
): Difference {
  let scale = maxabs ?? 0;
  if (maxabs === undefined) for (let i = 0; i < reference.length; i++) scale = Math.max(scale, Math.abs(reference[i]!));
  const exact = EXACT.has(type) && what.startsWith('top');
  const tolerance = exact ? 0 : 1e-5 * scale + 1e-7;
  let worst = 0;
  let at = -1;
  for (let i = 0; i < reference.length; i++) {
    const a = values[i]!;
    const b = reference[i]!;
    if (Object.is(a, b) || a === b) continue;
    const distance = Number.isNaN(a) || Number.isNaN(b) ? Number.POSITIVE_INFINITY : Math.abs(a - b);
    const ratio = tolerance === 0 ? Number.POSITIVE_INFINITY : distance / tolerance;
    if (ratio > worst) {
      worst = ratio;
      at = i;
    }
  }
  const message =
    at < 0
      ? `${what}: equal`
      : `${what}[${at}] is ${values[at]}, reference ${reference[at]}, tolerance ${tolerance.toExponential(1)}`;
  return { ratio: worst, message };
}
