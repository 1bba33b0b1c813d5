import { type AdaptSummary, METHODS, type Method, type WindowRecord } from '../recipes/index.ts';
import { lineChart, type Series } from './chart.ts';
import { escapeMarkup } from './markup.ts';
import { page } from './page.ts';

const COLOURS: Readonly<Record<Method, string>> = {
  none: 'var(--soft)',
  mask: 'var(--host)',
  prior: '#9a6fb0',
  generated: 'var(--fpga)',
  source: '#4aa3a2',
  labelled: 'var(--good)',
};

const LEGEND: Readonly<Record<Method, string>> = {
  none: 'no adaptation',
  mask: 'masking alone',
  prior: 'prior correction',
  generated: 'generated features',
  source: 'real source features',
  labelled: 'labelled stream',
};

/** Accuracy of each method after each window of the stream. */
export function adaptationChart(records: readonly WindowRecord[]): string {
  const series = METHODS.map(
    (method): Series => ({
      name: LEGEND[method],
      colour: COLOURS[method],
      points: records.flatMap((r) => {
        const value = r.accuracy[method];
        return value === undefined ? [] : [[r.decision.window, 100 * value] as const];
      }),
    }),
  ).filter((s) => s.points.length > 0);
  return lineChart(series, {
    title: 'Accuracy over the stream',
    xLabel: 'window',
    yLabel: 'accuracy %',
    width: 1000,
    height: 340,
  });
}

/** Bytes by kind, one bar for each way of training. */
export function memoryBars(summary: AdaptSummary): string {
  const names: Readonly<Record<string, string>> = {
    generated: 'generated features',
    source: 'real source features',
    labelled: 'labelled features',
    retraining: 'retraining the net',
  };
  const kinds = ['generator', 'samples', 'activations', 'parameters', 'history', 'layers', 'watch'] as const;
  const colours = ['var(--fpga)', '#4aa3a2', 'var(--host)', '#9a6fb0', 'var(--good)', '#c26a5a', 'var(--soft)'];
  const entries = Object.entries(summary.memory);
  const most = Math.max(...entries.map(([, peak]) => peak.bytes));
  const [left, width, high] = [170, 720, 26];
  const bars = entries.map(([name, peak], i) => {
    let x = left;
    const parts = kinds.map((kind, k) => {
      const size = ((peak.by_kind[kind] ?? 0) / most) * width;
      const rect = `<rect x="${x.toFixed(1)}" y="${40 + i * (high + 10)}" width="${size.toFixed(1)}" height="${high}" fill="${colours[k]}"><title>${kind}: ${peak.by_kind[kind] ?? 0} bytes</title></rect>`;
      x += size;
      return size > 0 ? rect : '';
    });
    const y = 58 + i * (high + 10);
    return `<text x="${left - 8}" y="${y}" class="label" text-anchor="end">${escapeMarkup(names[name] ?? name)}</text>${parts.join('')}<text x="${(x + 6).toFixed(1)}" y="${y}" class="tick">${(peak.bytes / 1e6).toFixed(2)} MB</text>`;
  });
  const legend = kinds.map(
    (kind, k) =>
      `<g transform="translate(${left + k * 104} 18)"><rect width="10" height="10" y="-9" fill="${colours[k]}"/><text x="15" class="tick">${kind}</text></g>`,
  );
  return `<svg viewBox="0 0 1000 ${50 + entries.length * (high + 10)}" role="img" aria-label="Memory by kind">${legend.join('')}${bars.join('')}</svg>`;
}

function segmentTable(summary: AdaptSummary): string {
  const methods = METHODS.filter((m) => summary.accuracy[m] !== undefined);
  const head = ['stream', 'classes', 'found', 'missed', 'spurious', 'adapted after', ...methods.map((m) => LEGEND[m])];
  const rows = summary.segments.map((s) => [
    s.stream,
    s.classes.length,
    s.active.length,
    s.missed,
    s.spurious,
    s.adapted_after === null ? 'never' : `${s.adapted_after} windows`,
    ...methods.map((m) => `${(100 * s.accuracy[m]!).toFixed(1)} %`),
  ]);
  const cell = (value: unknown, i: number) => `<td${i > 0 ? ' class="n"' : ''}>${escapeMarkup(value)}</td>`;
  return `<table><thead><tr>${head.map((h, i) => `<th${i > 0 ? ' class="n"' : ''}>${h}</th>`).join('')}</tr></thead><tbody>${rows.map((r) => `<tr>${r.map(cell).join('')}</tr>`).join('')}</tbody></table>`;
}

/** report.html of an adaptation: what was found, how each method does, what it costs. */
export function adaptationReport(summary: AdaptSummary, records: readonly WindowRecord[]): string {
  const tile = (value: string, name: string) => `<div class="tile"><b>${value}</b><span>${name}</span></div>`;
  const points = (v: number) => `${v >= 0 ? '+' : ''}${(100 * v).toFixed(1)}`;
  const tiles = [
    tile(`${(100 * (summary.accuracy.generated ?? 0)).toFixed(1)} %`, 'accuracy, generated features'),
    tile(points(summary.generated_minus_none), 'points against no adaptation'),
    tile(points(summary.generated_minus_mask), 'points against masking alone'),
    tile(`${summary.memory_ratio.toFixed(1)}×`, 'less memory than retraining (counted)'),
    tile(String(summary.adaptations), 'adaptations'),
    tile(summary.backbone_unchanged ? 'unchanged' : 'CHANGED', 'backbone, bit for bit'),
  ];
  const decisions = records
    .filter((r) => r.decision.action !== 'none')
    .map(
      (r) =>
        `<tr><td class="n">${r.decision.window}</td><td>${r.decision.action}</td><td>${escapeMarkup(r.decision.reason)}</td><td>${r.decision.active.join(' ')}</td></tr>`,
    );
  return page(
    `${summary.net} · adaptation to the classes met`,
    summary.device,
    `<div class="tiles">${tiles.join('')}</div><h2>Accuracy over the stream</h2><div class="chart">${adaptationChart(records)}</div><h2>Parts of the stream</h2>${segmentTable(summary)}<h2>Memory</h2><div class="chart">${memoryBars(summary)}</div><h2>Decisions</h2><table><thead><tr><th class="n">window</th><th>action</th><th>why</th><th>classes</th></tr></thead><tbody>${decisions.join('')}</tbody></table>`,
  );
}
