const SMALLEST_NORMAL = 2 ** -126;

/** The shortest decimal that reads back to the same single, as a JSON number. */
function singleText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  // Decimals of six digits lie farther apart than normal singles: if one reads back, no shorter one does but itself.
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** A float or double in canonical JSON. `decimal`: the shortest decimal that reads back to a float, where that is known; else NaN. */
export function numberText(value: number, single: boolean, decimal: number): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  if (!single) return String(value);
  return Number.isNaN(decimal) ? singleText(value) : String(decimal);
}
