import type { Decision } from '../precision/index.ts';
import type { PrecisionRun, TensorFate } from '../recipes/index.ts';
import { type ChartOptions, lineChart, type Series } from './chart.ts';
import { escapeMarkup } from './markup.ts';
import { page } from './page.ts';

const PALETTE = ['var(--soft)', 'var(--fpga)', '#9a6fb0', '#c26a5a', 'var(--host)', 'var(--good)'];

/** A step line: the value of each epoch holds until the next. */
const steps = (values: readonly number[]): [number, number][] =>
  values.flatMap((value, epoch) => [
    [epoch, value],
    [epoch + 1, value],
  ]);

function cell(run: PrecisionRun | undefined): string {
  return run ? `${run.final.toFixed(1)} <small>(${run.best.toFixed(1)})</small>` : '';
}

/** A heading of its own tells what the chart shows. */
const chart = (series: readonly Series[], options: ChartOptions) =>
  `<h2>${options.title}</h2><div class="chart">${lineChart(series, options)}</div>`;

/** Accuracy, word length, and what the policy saw, over epochs: one page for a comparison of policies. */
export function precisionReport(title: string, runs: readonly PrecisionRun[]): string {
  const names = [...new Set(runs.map((r) => r.name))];
  const seeds = [...new Set(runs.map((r) => r.seed))];
  const colour = (name: string) => PALETTE[names.indexOf(name) % PALETTE.length]!;
  // One seed in full colour, the others faint behind it.
  const series = (points: (r: PrecisionRun) => readonly (readonly [number, number])[]): Series[] =>
    [...runs]
      .sort((a, b) => seeds.indexOf(b.seed) - seeds.indexOf(a.seed))
      .map((r) => ({
        name: r.seed === seeds[0] ? r.name : '',
        colour: colour(r.name),
        points: points(r),
        faint: r.seed !== seeds[0],
      }))
      .filter((s) => s.points.length > 0);
  const size = { xLabel: 'epoch', width: 1000, height: 300 };
  const seen = runs.filter((r) => r.evaluations.length > 0);
  const first = seen[0];
  const policy: Series[] = first
    ? [
        { name: 'p', colour: 'var(--fpga)', points: first.evaluations.map((e) => [e.epoch, e.ratio]) },
        { name: 'threshold T', colour: 'var(--host)', points: first.evaluations.map((e) => [e.epoch, e.threshold]) },
        { name: 'diversity D', colour: 'var(--soft)', points: first.evaluations.map((e) => [e.epoch, e.diversity]) },
      ]
    : [];
  const rows = names.map((name) => {
    const of = (seed: number) => runs.find((r) => r.name === name && r.seed === seed);
    const own = runs.filter((r) => r.name === name);
    const mean = own.reduce((sum, r) => sum + r.final, 0) / own.length;
    const switches = own.map((r) => r.switches.join(' ')).filter((s) => s !== '');
    const cells = seeds.map((seed) => `<td>${cell(of(seed))}</td>`).join('');
    return `<tr><td>${escapeMarkup(name)}</td>${cells}<td>${mean.toFixed(1)}</td><td>${switches.join(' · ')}</td></tr>`;
  });
  const head = `<tr><th>run</th>${seeds.map((s) => `<th>seed ${s}</th>`).join('')}<th>mean</th><th>switches at epoch</th></tr>`;
  const body = [
    `<table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table>`,
    chart(
      series((r) => r.accuracy),
      { ...size, title: 'Test accuracy', yLabel: 'accuracy %' },
    ),
    chart(
      series((r) => steps(r.words)),
      { ...size, title: 'Word length', yLabel: 'bits (32: fp32)', height: 220 },
    ),
    first
      ? chart(policy, { ...size, title: `What the policy saw (${first.name}, seed ${first.seed})`, yLabel: 'D, p, T' })
      : '',
  ];
  return page(
    title,
    'Test accuracy of the fp32 master weights in percent: final (best). Emulated card: simulated, not measured on hardware.',
    body.join(''),
  );
}

const percent = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(3)} %`;

/** Part of a training's report: word lengths over its epochs, and how often tensors saturated or lost their value. Empty where all was fp32. */
export function precisionSection(tensors: readonly TensorFate[], decisions: readonly Decision[]): string {
  if (tensors.length === 0 && decisions.length === 0) return '';
  const rows = tensors.map((t) => {
    const numbers = [t.word, t.exponent, percent(t.saturated, t.elements), percent(t.underflowed, t.elements)];
    return `<tr><td>${escapeMarkup(t.level)}</td><td>${escapeMarkup(t.tensor)}</td>${numbers.map((n) => `<td class="n">${n}</td>`).join('')}</tr>`;
  });
  const seen = decisions.flatMap((d) => (d.evaluation ? [{ epoch: d.epoch, ...d.evaluation }] : []));
  const policy = chart(
    [
      { name: 'p', colour: 'var(--fpga)', points: seen.map((e) => [e.epoch, e.ratio] as const) },
      { name: 'threshold T', colour: 'var(--host)', points: seen.map((e) => [e.epoch, e.threshold] as const) },
      { name: 'diversity D', colour: 'var(--soft)', points: seen.map((e) => [e.epoch, e.diversity] as const) },
    ],
    { title: 'What the precision policy saw', xLabel: 'epoch', yLabel: 'D, p, T', width: 1000, height: 260 },
  );
  const switches = decisions
    .filter((d) => d.switched)
    .map(
      (d) =>
        `<tr><td class="n">${d.epoch + 1}</td><td class="n">${d.level}</td><td>${escapeMarkup(d.reason)}</td></tr>`,
    );
  const table = (head: string, body: readonly string[]) =>
    `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
  const number = (name: string) => `<th class="n">${name}</th>`;
  return [
    seen.length > 0 ? policy : '',
    switches.length > 0
      ? `<h2>Switches of precision</h2>${table(`${number('from epoch')}${number('level')}<th>why</th>`, switches)}`
      : '',
    `<h2>Fixed point, by tensor</h2>${table(
      `<th>level</th><th>tensor</th>${['bits', 'exponent', 'saturated', 'became zero'].map(number).join('')}`,
      rows,
    )}`,
  ].join('');
}
