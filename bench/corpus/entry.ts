import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Shapes = Record<string, unknown>;

interface Parse {
  verdict: 'accept' | 'reject';
  line?: number;
  col?: number;
  wire_sha256?: string;
  canonical_sha256?: string;
  with_fpga_mode?: {
    verdict: 'accept' | 'reject';
    wire_sha256?: string;
    canonical_sha256?: string;
    solver?: ExpectedSolver;
  };
}

interface ExpectedSolver {
  type: string;
  lr_policy: string;
  lr?: Record<string, number>;
}

interface ExpectedNet {
  phases: Phase[];
  verdict: 'accept' | 'reject' | 'not_inferable';
  assumed_record?: [number, number, number];
  layer_count?: number;
  blobs?: Shapes;
  params?: Shapes;
  param_count?: number;
  macs?: Shapes;
  conv_macs?: number;
  ip_macs?: number;
}

export type Phase = 'TRAIN' | 'TEST';

/** One text of a corpus with what the reference makes of it (index.json). */
export interface Entry {
  file?: string;
  name?: string;
  kind: 'net' | 'solver';
  sha256: string;
  phase?: Phase;
  generate?: { prefix?: string; unit: string; count: number; suffix?: string };
  expected?: { verdict: string; stage: 'parse' | 'net' | 'solver'; at_layer?: string };
  parse: Parse;
  wire_sha256?: string;
  canonical_sha256?: string;
  upgraded_wire_sha256?: string;
  nets?: ExpectedNet[];
  solver?: ExpectedSolver;
  blobs?: Shapes;
  params?: Shapes;
}

export const readIndex = (folder: string): Entry[] =>
  JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).files;

/** The bytes of an entry's text; undefined where they are not those of the index. */
export function textOf(folder: string, entry: Entry): Uint8Array | undefined {
  const bytes = entry.generate ? generated(entry.generate) : readFileSync(join(folder, entry.file!));
  return createHash('sha256').update(bytes).digest('hex') === entry.sha256 ? bytes : undefined;
}

function generated({ prefix = '', unit, count, suffix = '' }: NonNullable<Entry['generate']>): Uint8Array {
  if (!/\{[ip]\}/.test(unit)) return Buffer.from(prefix + unit.repeat(count) + suffix);
  const numbered = (i: number) => unit.replaceAll('{i}', String(i)).replaceAll('{p}', String(i - 1));
  return Buffer.from(prefix + Array.from({ length: count }, (_, i) => numbered(i + 1)).join('') + suffix);
}

/** The entry as it is judged with `SolverMode FPGA`, which this program's schema has. */
export function withFpgaMode(entry: Entry): Entry {
  const other = entry.parse.with_fpga_mode;
  if (!other) return entry;
  const { wire_sha256, canonical_sha256, solver } = other;
  return {
    ...entry,
    ...(wire_sha256 && { wire_sha256 }),
    ...(canonical_sha256 && { canonical_sha256 }),
    ...(solver && { solver }),
    ...(entry.expected && { expected: { ...entry.expected, verdict: other.verdict } }),
    parse: { verdict: other.verdict },
  };
}
