import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CremaError } from '../../orchestrator/core/index.ts';
import { buildNet, type Net, NOT_INFERABLE } from '../../orchestrator/net/index.ts';
import { type NetParameter, parseNet } from '../../orchestrator/proto/index.ts';

const CORPUS = '../shared/corpus/prototxt';
const NEGATIVE = '../shared/corpus/negative';

interface Expected {
  phases: ('TRAIN' | 'TEST')[];
  verdict: 'accept' | 'reject' | 'not_inferable';
  assumed_record?: [number, number, number];
  at_layer?: string;
  layer_count?: number;
  blobs?: Record<string, number[]>;
  params?: Record<string, number[][]>;
  param_count?: number;
  macs?: Record<string, number>;
}

const read = (path: string) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).files : []);
const nets: { file: string; kind: string; parse: { verdict: string }; nets?: Expected[] }[] = read(
  `${CORPUS}/index.json`,
).filter((f: { kind: string }) => f.kind === 'net');
if (nets.length === 0) console.log(`notice: ${CORPUS} is not there, its cases are skipped`);

interface Outcome {
  verdict: Expected['verdict'];
  net?: Net;
  layers: string[];
  message: string;
}

function build(
  parsed: NetParameter,
  file: string,
  phase: 'TRAIN' | 'TEST',
  record?: [number, number, number],
): Outcome {
  try {
    return {
      verdict: 'accept',
      net: buildNet(parsed, { phase, file, record: record ?? [3, 256, 256] }),
      layers: [],
      message: '',
    };
  } catch (error) {
    if (!(error instanceof CremaError) || error.kind === 'internal') throw error;
    const real = error.problems.filter((p) => p.code !== NOT_INFERABLE);
    return {
      verdict: real.length === 0 ? 'not_inferable' : 'reject',
      layers: error.problems
        .filter((p) => real.length === 0 || real.includes(p))
        .map((p) => p.path?.split(' > ')[0] ?? ''),
      message: error.message,
    };
  }
}

/** What a net is, in the terms of the corpus; keyed by names that may come twice, the last counts. */
function describeNet(net: Net) {
  const blobs = new Map<string, readonly number[]>();
  for (const blob of net.blobs.values()) if (blob.named) blobs.set(blob.id, blob.shape);
  const params = new Map<string, (readonly number[])[]>();
  const macs = new Map<string, number>();
  for (const layer of net.layers) {
    if (layer.params.length > 0)
      params.set(
        layer.name,
        layer.params.map((i) => net.params[i]!.shape),
      );
    if (layer.macs > 0) macs.set(layer.name, layer.macs);
  }
  const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const paramCount = net.learnable.reduce((sum, i) => sum + count(net.params[i]!.shape), 0);
  return {
    layers: net.layers.filter((l) => !l.inserted).length,
    blobs: Object.fromEntries(blobs),
    params: Object.fromEntries(params),
    paramCount,
    macs: Object.fromEntries(macs),
  };
}

describe.skipIf(nets.length === 0)('published nets', () => {
  it('have the verdicts, shapes, parameters and multiply-accumulates of the reference', () => {
    const wrong: string[] = [];
    let judged = 0;
    for (const entry of nets) {
      if (entry.parse.verdict !== 'accept') continue;
      const parsed = parseNet(readFileSync(`${CORPUS}/${entry.file}`), entry.file);
      for (const want of entry.nets ?? []) {
        for (const phase of want.phases) {
          const place = `${entry.file} ${phase}`;
          judged++;
          const got = build(parsed, entry.file, phase, want.assumed_record);
          if (got.verdict !== want.verdict) {
            wrong.push(`${place}: ${got.verdict} for ${want.verdict}: ${got.message.slice(0, 300)}`);
            continue;
          }
          if (want.at_layer && got.layers[0] !== want.at_layer) {
            wrong.push(`${place}: at ${got.layers[0]} for ${want.at_layer}: ${got.message.slice(0, 200)}`);
          }
          if (!got.net) continue;
          const net = describeNet(got.net);
          if (want.layer_count !== undefined && net.layers !== want.layer_count)
            wrong.push(`${place}: ${net.layers} layers for ${want.layer_count}`);
          for (const [what, a, b] of [
            ['blobs', net.blobs, want.blobs],
            ['params', net.params, want.params],
            ['macs', net.macs, want.macs],
          ] as const) {
            for (const key of new Set([...Object.keys(a), ...Object.keys(b ?? {})])) {
              const [x, y] = [JSON.stringify(a[key]), JSON.stringify(b?.[key])];
              if (b && x !== y) wrong.push(`${place}: ${what} ${key} ${x} for ${y}`);
            }
          }
          if (want.param_count !== undefined && net.paramCount !== want.param_count) {
            wrong.push(`${place}: ${net.paramCount} parameters for ${want.param_count}`);
          }
        }
      }
    }
    console.log(`${judged} nets judged, ${wrong.length} differences`);
    expect(wrong.slice(0, 40)).toEqual([]);
  });
});

interface Negative {
  file?: string;
  name?: string;
  group: string;
  phase?: 'TRAIN' | 'TEST';
  generate?: { prefix?: string; unit: string; count: number; suffix?: string };
  sha256: string;
  expected: { verdict: Expected['verdict']; at_layer?: string };
  blobs?: Record<string, number[]>;
  params?: Record<string, number[][]>;
}

const negative: Negative[] = read(`${NEGATIVE}/index.json`).filter((f: Negative) => f.group === 'net');

function textOf(entry: Negative): Uint8Array {
  if (entry.file) return readFileSync(`${NEGATIVE}/${entry.file}`);
  const { prefix = '', unit, count, suffix = '' } = entry.generate!;
  let text = prefix;
  for (let i = 1; i <= count; i++) text += unit.replaceAll('{i}', String(i)).replaceAll('{p}', String(i - 1));
  const bytes = Buffer.from(text + suffix);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(entry.sha256);
  return bytes;
}

describe.skipIf(negative.length === 0)('odd and broken nets', () => {
  it('get the verdict and the layer of the reference', () => {
    const wrong: string[] = [];
    for (const entry of negative) {
      const name = entry.file ?? entry.name ?? '';
      const got = build(parseNet(textOf(entry), name), name, entry.phase ?? 'TEST');
      if (got.verdict !== entry.expected.verdict) wrong.push(`${name}: ${got.verdict}: ${got.message}`);
      else if (entry.expected.at_layer !== undefined && got.layers[0] !== entry.expected.at_layer) {
        wrong.push(`${name}: at '${got.layers[0]}' for '${entry.expected.at_layer}': ${got.message}`);
      }
      if (!got.net) continue;
      const net = describeNet(got.net);
      if (entry.blobs && JSON.stringify(sorted(net.blobs)) !== JSON.stringify(sorted(entry.blobs))) {
        wrong.push(`${name}: blobs ${JSON.stringify(net.blobs)} for ${JSON.stringify(entry.blobs)}`);
      }
      if (entry.params && JSON.stringify(sorted(net.params)) !== JSON.stringify(sorted(entry.params))) {
        wrong.push(`${name}: params ${JSON.stringify(net.params)} for ${JSON.stringify(entry.params)}`);
      }
    }
    console.log(`${negative.length} odd nets judged, ${wrong.length} differences`);
    expect(wrong).toEqual([]);
  });
});

const sorted = (o: object) => Object.fromEntries(Object.entries(o).sort(([a], [b]) => (a < b ? -1 : 1)));
