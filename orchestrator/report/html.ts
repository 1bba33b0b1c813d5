import { lineChart, type Series } from './chart.ts';

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
}

const escapeMarkup = (text: unknown) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const STYLE = `
:root{color-scheme:light dark;--ink:#1d1f24;--soft:#666c78;--paper:#fbfaf7;--card:#fff;--line:#e4e1d9;--host:#c98a3b;--fpga:#2f6f9f;--good:#3f8f5f}
@media(prefers-color-scheme:dark){:root{--ink:#ece9e2;--soft:#a09c92;--paper:#191a1d;--card:#222327;--line:#35363b;--host:#e0a759;--fpga:#6fb0dd;--good:#75c794}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 10px}
p.sub{color:var(--soft);margin:0 0 22px}.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}.tile b{display:block;font-size:22px;font-weight:600}.tile span{color:var(--soft);font-size:13px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:14px}.chart{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px}
svg{width:100%;height:auto;display:block}.grid{stroke:var(--line)}.tick{font-size:11px;fill:var(--soft)}.label{font-size:12px;fill:var(--soft)}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:10px;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;border-bottom:1px solid var(--line);text-align:left;font-size:13px}th{color:var(--soft);font-weight:500}td.n,th.n{text-align:right}
tr:last-child td{border-bottom:0}.pill{border-radius:9px;padding:1px 8px;color:#fff;font-size:12px}.pill.fpga{background:var(--fpga)}.pill.host{background:var(--host)}
.bar{display:flex;height:8px;border-radius:4px;overflow:hidden;min-width:140px;background:var(--line)}.bar i{display:block}.bar .h{background:var(--host)}.bar .f{background:var(--fpga)}
details summary{cursor:pointer;color:var(--soft)}pre{white-space:pre-wrap;font-size:12px}
`;

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
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeMarkup(data.title)}</title><style>${STYLE}</style></head><body><main><h1>${escapeMarkup(data.title)}</h1><p class="sub">${escapeMarkup(data.summary.device ?? '')}</p>${tiles(data.summary, data.provenance)}<h2>Curves</h2><div class="charts">${charts.map((c) => `<div class="chart">${c}</div>`).join('')}</div><h2>Layers</h2>${layerTable(data.layers, data.provenance)}<h2>All figures</h2><details><summary>summary.json</summary><pre>${escapeMarkup(details.join('\n'))}</pre></details></main></body></html>`;
}
