/**
 * How unlikely it is that two lots of predictions come from one distribution: Pearson's statistic of homogeneity over the
 * classes either shows, as a standard normal deviate (Wilson and Hilferty's cube root), so that one limit fits any
 * number of classes. Small windows make it a rough figure; use limits well above 3.
 */
export function changeDeviate(window: ArrayLike<number>, reference: ArrayLike<number>): number {
  let n = 0;
  let m = 0;
  for (let c = 0; c < window.length; c++) {
    n += window[c]!;
    m += reference[c]!;
  }
  if (n === 0 || m === 0) return 0;
  let statistic = 0;
  let cells = 0;
  for (let c = 0; c < window.length; c++) {
    const both = window[c]! + reference[c]!;
    if (both === 0) continue;
    cells++;
    const expectedWindow = (both * n) / (n + m);
    const expectedReference = (both * m) / (n + m);
    statistic += (window[c]! - expectedWindow) ** 2 / expectedWindow;
    statistic += (reference[c]! - expectedReference) ** 2 / expectedReference;
  }
  const freedom = cells - 1;
  if (freedom < 1) return 0;
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread);
}
