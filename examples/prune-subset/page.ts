import { lineChart, page, type Series } from '../../orchestrator/report/index.ts';

/** Test accuracies of one subset, whole and at each level. */
export interface Row {
  readonly seed: number;
  readonly subset: string;
  readonly whole: number;
  readonly agnostic: readonly number[];
  readonly aware: readonly number[];
  readonly control: readonly number[];
}

/** Of one training step, modelled: the whole net first, then each level. */
export interface Cost {
  readonly cycles: number;
  readonly bytes: number;
}

const ARMS = [
  ['aware', 'subset, aware', 'var(--fpga)'],
  ['control', 'subset, control', 'var(--good)'],
  ['agnostic', 'all classes', 'var(--host)'],
] as const;

const percent = (share: number) => (100 * share).toFixed(1);

/** Mean over the rows of one arm, with the whole net at level 0. */
function points(
  rows: readonly Row[],
  levels: readonly number[],
  arm: (typeof ARMS)[number][0],
  x: (i: number) => number,
) {
  const mean = (values: number[]) => (100 * values.reduce((a, b) => a + b, 0)) / values.length;
  const start: [number, number] = [x(-1), mean(rows.map((row) => row.whole))];
  return [start, ...levels.map((_, i): [number, number] => [x(i), mean(rows.map((row) => row[arm][i]!))])];
}

/** Accuracy against level, memory and modelled cycles. */
function charts(rows: readonly Row[], levels: readonly number[], costs: readonly Cost[], height: number): string[] {
  const chart = (title: string, xLabel: string, x: (i: number) => number) => {
    const series: Series[] = ARMS.map(([arm, name, colour]) => ({
      name,
      colour,
      points: points(rows, levels, arm, x),
    }));
    return lineChart(series, { title, xLabel, yLabel: 'test accuracy, %', height });
  };
  const cost = (i: number) => costs[i + 1]!;
  return [
    chart('accuracy against level', 'parameters removed, %', (i) => (i < 0 ? 0 : 100 * levels[i]!)),
    chart('accuracy against memory', 'memory of a training step, kB (modelled)', (i) => cost(i).bytes / 1000),
    chart('accuracy against cycles', 'cycles of a training step, thousands (modelled)', (i) => cost(i).cycles / 1000),
  ];
}

const PICTURE_STYLE = [
  ':root{--soft:#666c78;--line:#e4e1d9;--host:#c98a3b;--fpga:#2f6f9f;--good:#3f8f5f}text{font-family:system-ui,sans-serif}',
  '.grid{stroke:var(--line)}.tick{font-size:11px;fill:var(--soft)}.label{font-size:12px;fill:var(--soft)}',
].join('');

/** The charts as one picture. */
export function resultPicture(rows: readonly Row[], levels: readonly number[], costs: readonly Cost[]): string {
  const [width, height] = [720, 240];
  const parts = charts(rows, levels, costs, height).map((svg, i) =>
    svg.replace('<svg ', `<svg y="${i * height}" width="${width}" height="${height}" `),
  );
  const label = 'Accuracy on the subset against level, memory and modelled cycles';
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${3 * height}" role="img" aria-label="${label}">`;
  const ground = `<rect width="${width}" height="${3 * height}" fill="#fff"/>`;
  return `${head}<style>${PICTURE_STYLE}</style>${ground}${parts.join('')}</svg>\n`;
}

/** The table of all runs and accuracy against level, memory and modelled time. */
export function resultPage(
  rows: readonly Row[],
  levels: readonly number[],
  costs: readonly Cost[],
  figures: Readonly<Record<string, number>>,
): string {
  const drawn = charts(rows, levels, costs, 300).map((svg) => `<div class="chart">${svg}</div>`);
  const head = [
    'seed',
    'subset',
    'whole',
    ...levels.flatMap((level) => ARMS.map(([arm]) => `${100 * level} % ${arm}`)),
  ];
  const body = rows.map((row) => [
    row.seed,
    row.subset,
    percent(row.whole),
    ...levels.flatMap((_, i) => ARMS.map(([arm]) => percent(row[arm][i]!))),
  ]);
  const cells = (list: readonly unknown[], tag: string) =>
    list.map((cell) => `<${tag} class="n">${cell}</${tag}>`).join('');
  const table = `<table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${body.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</tbody></table>`;
  const tiles = levels.map((level) => {
    const gain = figures[`gain_${Math.round(100 * level)}`]!;
    return `<div class="tile"><b>${gain >= 0 ? '+' : ''}${gain.toFixed(1)}</b><span>points, aware against all classes, at ${100 * level} %</span></div>`;
  });
  if (figures['search_least'] !== undefined) {
    tiles.push(
      `<div class="tile"><b>${figures['search_least']} %</b><span>least level the search returned for six classes</span></div>`,
    );
  }
  const subtitle = `${rows.length} runs; aware: fine-tuned, pruned and trained again on the subset; control: pruned first, then trained on the subset; all for as many epochs`;
  return page(
    'Pruning for a subset of the classes',
    subtitle,
    `<div class="tiles">${tiles.join('')}</div><h2>Means of all runs</h2><div class="charts">${drawn.join('')}</div><h2>Test accuracy, %</h2>${table}`,
  );
}
