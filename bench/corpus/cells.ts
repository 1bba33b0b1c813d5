import { isDeepStrictEqual } from 'node:util';
import type { InspectedText } from '../../orchestrator/recipes/index.ts';
import { type Entry, type Phase, withFpgaMode } from './entry.ts';

/** One comparison of what we say with what the index says. */
export interface Cell {
  readonly metric: string;
  readonly wanted: unknown;
  readonly got: unknown;
  readonly right: boolean;
}

/** Share by which a rate may differ. */
const RATE_TOLERANCE = 1e-5;
/** `1 - iter / max_iter` of the poly policy cancels near the end: a share of the largest rate is allowed. */
const POLY_SLACK = 1e-4;

function ratesAgree(policy: string, wanted: Record<string, number>, got: Record<string, number> | undefined): boolean {
  if (!got) return false;
  const slack = policy === 'poly' ? POLY_SLACK * Math.max(...Object.values(wanted).map(Math.abs)) : 0;
  return Object.entries(wanted).every(([iteration, rate]) => {
    const ours = got[iteration];
    return ours !== undefined && Math.abs(ours - rate) <= Math.max(RATE_TOLERANCE * Math.abs(rate), slack);
  });
}

/** Comparisons for one text and one phase. Facts about the file as a whole are given for the first phase only. */
export function cellsOf(raw: Entry, phase: Phase, first: boolean, got: InspectedText): Cell[] {
  const entry = withFpgaMode(raw);
  const cells: Cell[] = [];
  const equal = (metric: string, wanted: unknown, ours: unknown) =>
    cells.push({ metric, wanted, got: ours, right: isDeepStrictEqual(wanted, ours) });
  const { parse, expected } = entry;
  if (first) {
    equal('parse.verdict', parse.verdict, got.parse.verdict);
    if (parse.verdict === 'reject' && parse.line !== undefined) {
      equal('parse.line', parse.line, got.parse.line);
      equal('parse.col', parse.col, got.parse.col);
    }
    for (const key of ['wire_sha256', 'canonical_sha256', 'upgraded_wire_sha256'] as const) {
      const wanted = entry[key] ?? (key === 'upgraded_wire_sha256' ? undefined : parse[key]);
      if (wanted) equal(key, wanted, got[key]);
    }
    if (entry.solver) {
      equal('solver.type', entry.solver.type, got.solver?.type);
      const { lr, lr_policy } = entry.solver;
      const ours = got.solver?.lr;
      if (lr) cells.push({ metric: 'solver.lr', wanted: lr, got: ours, right: ratesAgree(lr_policy, lr, ours) });
    }
  }
  if (expected) {
    if (expected.stage !== 'parse') {
      equal(`${expected.stage}.verdict`, expected.verdict, got[expected.stage]?.verdict);
      if (expected.at_layer !== undefined) equal('net.at_layer', expected.at_layer, got.net?.at_layer);
    }
    if (entry.blobs) {
      equal('net.blobs', plain(entry.blobs), plain(got.net?.blobs));
      equal('net.params', plain(entry.params), plain(got.net?.params));
    }
    return cells;
  }
  const net = entry.nets?.find((n) => n.phases.includes(phase));
  if (!net || net.verdict === 'not_inferable') return cells;
  equal('net.verdict', net.verdict, got.net?.verdict);
  if (net.verdict !== 'accept') return cells;
  for (const key of ['layer_count', 'blobs', 'params', 'param_count', 'macs', 'conv_macs', 'ip_macs'] as const) {
    equal(`net.${key}`, plain(net[key]), plain(got.net?.[key]));
  }
  return cells;
}

/** As JSON would carry it. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
