import { escapeMarkup } from './markup.ts';

/** One line of a chart. */
export interface Series {
  /** Empty: not in the legend. */
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
  readonly faint?: boolean;
}

export interface ChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly width?: number;
  readonly height?: number;
  /** Logarithmic y, where all values are above 0. */
  readonly log?: boolean;
  /** Fixed limits of y. */
  readonly y?: readonly [number, number];
}

/** Round steps (1, 2, 5 times a power of ten) that cut [low, high] into about `count` parts. */
export function ticks(low: number, high: number, count: number): number[] {
  const span = high - low || 1;
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((m) => m * power >= raw) ?? 10) * power;
  const list: number[] = [];
  for (let t = Math.ceil(low / step) * step; t <= high + step * 1e-9; t += step) list.push(Number(t.toPrecision(12)));
  return list;
}

/** 1, 2 and 5 times powers of ten within decades [low, high]; powers alone where there are many. */
function logTicks(low: number, high: number): number[] {
  const factors = high - low > 3 ? [1] : [1, 2, 5];
  const list: number[] = [];
  for (let e = Math.floor(low); e <= high; e++) list.push(...factors.map((f) => f * 10 ** e));
  const inside = list.filter((t) => Math.log10(t) >= low && Math.log10(t) <= high);
  return inside.length >= 2 ? inside : ticks(low, high, 4).map((t) => 10 ** t);
}

function short(value: number): string {
  const a = Math.abs(value);
  if (a >= 10000) return `${Number((value / 1000).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}

/** A line chart as an SVG element. Colours come from CSS variables, so that it follows the page's light or dark theme. */
export function lineChart(series: readonly Series[], options: ChartOptions): string {
  const { width = 720, height = 300 } = options;
  const [left, right, top, bottom] = [76, 16, 34, 44];
  const all = series.flatMap((s) => s.points).filter(([, y]) => Number.isFinite(y));
  if (all.length === 0) return '';
  const log = options.log === true && all.every(([, y]) => y > 0);
  const scale = (y: number) => (log ? Math.log10(y) : y);
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => scale(y));
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const low = options.y ? scale(options.y[0]) : Math.min(...ys);
  const high = options.y ? scale(options.y[1]) : Math.max(...ys);
  const margin = options.y ? 0 : (high - low || 1) * 0.05;
  const [y0, y1] = [low - margin, high + margin];
  const px = (x: number) => left + ((x - x0) / (x1 - x0 || 1)) * (width - left - right);
  const py = (y: number) => height - bottom - ((scale(y) - y0) / (y1 - y0 || 1)) * (height - top - bottom);
  const yTicks = log ? logTicks(y0, y1) : ticks(y0, y1, 5);
  const grid = yTicks
    .map(
      (t) =>
        `<line x1="${left}" x2="${width - right}" y1="${py(t).toFixed(1)}" y2="${py(t).toFixed(1)}" class="grid"/><text x="${left - 8}" y="${(py(t) + 4).toFixed(1)}" class="tick" text-anchor="end">${short(t)}</text>`,
    )
    .join('');
  const axis = ticks(x0, x1, 8)
    .map(
      (t) =>
        `<text x="${px(t).toFixed(1)}" y="${height - bottom + 18}" class="tick" text-anchor="middle">${short(t)}</text>`,
    )
    .join('');
  const lines = series
    .filter((s) => s.points.length > 0)
    .map((s) => {
      const d = s.points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join('');
      const dots =
        s.points.length <= 40 && !s.faint
          ? s.points
              .map(
                ([x, y]) =>
                  `<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="2.5" fill="${s.colour}"><title>${escapeMarkup(s.name)} at ${short(x)}: ${short(y)}</title></circle>`,
              )
              .join('')
          : '';
      return `<path d="${d}" fill="none" stroke="${s.colour}" stroke-width="${s.faint ? 1 : 2}" stroke-linejoin="round"${s.faint ? ' opacity="0.35"' : ''}/>${dots}`;
    })
    .join('');
  const legend = series
    .filter((s) => s.name !== '')
    .map(
      (s, i) =>
        `<g transform="translate(${left + i * 150} ${top - 16})"><rect width="12" height="4" y="-4" fill="${s.colour}"${s.faint ? ' opacity="0.35"' : ''}/><text x="18" class="tick">${escapeMarkup(s.name)}</text></g>`,
    )
    .join('');
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeMarkup(options.title)}">${legend}${grid}${axis}<text x="${(left + width - right) / 2}" y="${height - 8}" class="label" text-anchor="middle">${escapeMarkup(options.xLabel)}</text><text transform="translate(14 ${(top + height - bottom) / 2}) rotate(-90)" class="label" text-anchor="middle">${escapeMarkup(options.yLabel)}</text>${lines}</svg>`;
}
