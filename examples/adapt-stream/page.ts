import { type AdaptSummary, METHODS } from '../../orchestrator/recipes/index.ts';
import { page } from '../../orchestrator/report/index.ts';

export interface StudyRow {
  readonly seed: number;
  readonly subset: string;
  readonly numbers: 'fp32' | 'int8';
  readonly summary: AdaptSummary;
}

/** Top-1 accuracy of each method, a row for each run: the table of the acceptance experiment. */
export function summaryPage(rows: readonly StudyRow[], figures: Readonly<Record<string, number>>): string {
  const head = [
    'seed',
    'subset',
    'numbers',
    ...METHODS,
    'missed',
    'spurious',
    'adapted again after',
    'memory ratio',
    'report',
  ];
  const body = rows.map(({ seed, subset, numbers, summary: s }) => [
    seed,
    subset,
    numbers,
    ...METHODS.map((m) => (100 * s.accuracy[m]!).toFixed(1)),
    s.missed_classes,
    s.spurious_classes,
    s.readapted_after ?? 'never',
    s.memory_ratio.toFixed(1),
    `<a href="seed-${seed}/${subset.replace(' ', '-')}-${numbers}/report.html">curves</a>`,
  ]);
  const cells = (row: readonly unknown[], tag: string) => row.map((c) => `<${tag} class="n">${c}</${tag}>`).join('');
  const table = `<table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${body.map((r) => `<tr>${cells(r, 'td')}</tr>`).join('')}</tbody></table>`;
  const tile = (key: string, name: string, unit: string) =>
    figures[key] === undefined
      ? ''
      : `<div class="tile"><b>${figures[key].toFixed(1)}${unit}</b><span>${name}</span></div>`;
  const tiles = [
    tile('generated_minus_none', 'points, generated features against no adaptation', ''),
    tile('generated_minus_source', 'points against real source features', ''),
    tile('generated_minus_mask', 'points against masking alone', ''),
    tile('memory_ratio', 'less memory than retraining the net, the worst run', '×'),
    tile('int8_drop', 'points lost with 8-bit features', ''),
  ];
  return page(
    'Adaptation to the classes met',
    `${rows.length} runs; accuracies in %, means of the two parts of each stream`,
    `<div class="tiles">${tiles.join('')}</div><h2>Runs</h2>${table}`,
  );
}
