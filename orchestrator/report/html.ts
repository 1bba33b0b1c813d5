import type { Decision } from '../precision/index.ts';
import type { TensorFate } from '../recipes/index.ts';
import { lineChart, type Series } from './chart.ts';
import { escapeMarkup } from './markup.ts';
import { page } from './page.ts';
import { precisionSection } from './precision.ts';

/** A layer's line in the report. Milliseconds of one step; where it ran and why. */
export interface ReportLayer {
  readonly layer: string;
  readonly type: string;
  readonly place: string;
  readonly reason: string;
  readonly hostForward: number;
  readonly hostBackward: number;
  readonly deviceForward: number;
  readonly deviceBackward: number;
  readonly launches: number;
}

export interface ReportData {
  readonly title: string;
  readonly summary: Readonly<Record<string, unknown>>;
  /** [iteration, value] */
  readonly trainLoss: readonly (readonly [number, number])[];
  readonly smoothedLoss: readonly (readonly [number, number])[];
  readonly tests: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  readonly rate: readonly (readonly [number, number])[];
  readonly layers: readonly ReportLayer[];
  /** `simulated` or `measured`: the label of times on the card. */
  readonly provenance: string;
  /** Block floating point: how tensors fared, and what the policy decided. */
  readonly fixed?: readonly TensorFate[];
  readonly decisions?: readonly Decision[];
}

function tile(value: string, name: string): string {
  return `<div class="tile"><b>${escapeMarkup(value)}</b><span>${escapeMarkup(name)}</span></div>`;
}

function tiles(s: ReportData['summary'], provenance: string): string {
  const number = (key: string) => (typeof s[key] === 'number' ? (s[key] as number) : undefined);
  const list: string[] = [];
  const add = (value: number | undefined, name: string, show: (v: number) => string) => {
    if (value !== undefined) list.push(tile(show(value), name));
  };
  add(number('final_accuracy'), 'test accuracy', (v) => `${(100 * v).toFixed(2)} %`);
  add(number('final_loss'), 'loss at the end', (v) => v.toPrecision(4));
  add(number('iterations'), 'iterations', String);
  add(number('images_per_second'), `images/s (${provenance})`, (v) => v.toFixed(0));
  add(number('launches'), 'kernel launches', (v) => v.toLocaleString('en'));
  add(number('bytes_to_device'), 'moved to the card', (v) => `${(v / 1e6).toFixed(0)} MB`);
  add(number('bytes_from_device'), 'moved from the card', (v) => `${(v / 1e6).toFixed(0)} MB`);
  return `<div class="tiles">${list.join('')}</div>`;
}

function layerTable(layers: readonly ReportLayer[], provenance: string): string {
  // A layer on the card keeps the host waiting only where the host needs its result; its own time is the card's.
  const host = (l: ReportLayer) => (l.place === 'fpga' ? 0 : l.hostForward + l.hostBackward);
  const card = (l: ReportLayer) => l.deviceForward + l.deviceBackward;
  const most = Math.max(1e-9, ...layers.map((l) => host(l) + card(l)));
  const cell = (v: number) => `<td class="n">${v === 0 ? '' : v.toFixed(3)}</td>`;
  const rows = layers.map((l) => {
    const share = (v: number) => `${((100 * v) / most).toFixed(1)}%`;
    const bar = `<div class="bar"><i class="h" style="width:${share(host(l))}"></i><i class="f" style="width:${share(card(l))}"></i></div>`;
    return `<tr><td>${escapeMarkup(l.layer)}</td><td>${escapeMarkup(l.type)}</td><td><span class="pill ${l.place}">${l.place}</span></td>${cell(l.hostForward)}${cell(l.hostBackward)}${cell(l.deviceForward)}${cell(l.deviceBackward)}<td>${bar}</td><td>${escapeMarkup(l.reason)}</td></tr>`;
  });
  return `<table><thead><tr><th>layer</th><th>type</th><th>place</th><th class="n">host fwd ms</th><th class="n">host bwd ms</th><th class="n">card fwd ms</th><th class="n">card bwd ms</th><th>share</th><th>why there</th></tr></thead><tbody>${rows.join('')}</tbody></table><p class="sub">Milliseconds of one step, host measured, card ${escapeMarkup(provenance)}; waiting for the card is not counted.</p>`;
}

/** report.html: one self-contained file with curves, figures and the per-layer table. */
export function htmlReport(data: ReportData): string {
  const loss: Series[] = [
    { name: 'loss', colour: 'var(--fpga)', points: data.trainLoss, faint: true },
    { name: 'smoothed', colour: 'var(--fpga)', points: data.smoothedLoss },
  ];
  const accuracy = Object.entries(data.tests).filter(([name]) => /accuracy/i.test(name));
  const other = Object.entries(data.tests).filter(([name]) => !/accuracy/i.test(name));
  const charts = [
    lineChart(loss, { title: 'Training loss', xLabel: 'iteration', yLabel: 'training loss', log: true }),
    lineChart(
      accuracy.map(([name, points]) => ({ name, colour: 'var(--good)', points })),
      { title: 'Test accuracy', xLabel: 'iteration', yLabel: 'test accuracy', y: [0, 1] },
    ),
    lineChart(
      other.map(([name, points]) => ({ name, colour: 'var(--host)', points })),
      { title: 'Test loss', xLabel: 'iteration', yLabel: 'test loss', log: true },
    ),
    lineChart([{ name: 'learning rate', colour: 'var(--soft)', points: data.rate }], {
      title: 'Learning rate',
      xLabel: 'iteration',
      yLabel: 'learning rate',
    }),
  ].filter((chart) => chart !== '');
  const details = Object.entries(data.summary).map(
    ([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  );
  return page(
    data.title,
    String(data.summary.device ?? ''),
    `${tiles(data.summary, data.provenance)}<h2>Curves</h2><div class="charts">${charts.map((c) => `<div class="chart">${c}</div>`).join('')}</div><h2>Layers</h2>${layerTable(data.layers, data.provenance)}${precisionSection(data.fixed ?? [], data.decisions ?? [])}<h2>All figures</h2><details><summary>summary.json</summary><pre>${escapeMarkup(details.join('\n'))}</pre></details>`,
  );
}
