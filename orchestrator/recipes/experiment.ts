import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ErrorObject } from 'ajv';
import type { Document, LineCounter } from 'yaml';
import {
  CremaError,
  inputError,
  nearest,
  type Problem,
  readSchema,
  schemaCheck,
  usageError,
  yaml,
} from '../core/index.ts';
import type { ExperimentPrecision } from '../precision/index.ts';
import type { CriterionName } from './pruning/criteria.ts';

/** Pruning while training: when, how much, and how (docs/pruning.md). */
export interface ExperimentPrune {
  readonly level: number;
  /** An iteration, or `epoch 5`. */
  readonly at: number | string;
  readonly ranker?: string;
  readonly criterion?: CriterionName;
  readonly snap?: number | 'tile';
  readonly minimum?: number;
  readonly trunk?: 'none' | '2020' | '2021';
  readonly combine?: 'least' | 'mean';
  readonly keep?: readonly string[];
  readonly batches?: number;
}

/** experiment.yaml with defaults filled in and paths made absolute. Schema: protos/experiment.schema.json. */
export interface Experiment {
  readonly solver?: string;
  readonly model?: string;
  readonly weights?: string;
  readonly device: string;
  readonly board: string;
  readonly config: string;
  readonly xclbin?: string;
  readonly memory: 'strict' | 'shared';
  readonly placement?: { readonly host?: readonly string[] };
  readonly precision?: ExperimentPrecision;
  readonly prune?: ExperimentPrune;
  readonly threads?: number;
  readonly seed: number;
  readonly deadline: number;
  readonly retries: number;
  readonly keepSnapshots?: number;
}

interface Schema {
  readonly properties: Record<string, Schema>;
}

/** Line and column of the node a JSON pointer names; of the key where the node itself is missing. */
function place(document: Document, counter: LineCounter, file: string, path: string[], key?: string) {
  const { isMap, isPair, isScalar } = yaml();
  let node: unknown = document.getIn(path, true) ?? document.contents;
  const parent = path.length === 0 ? document.contents : document.getIn(path, true);
  if (key !== undefined && isMap(parent)) {
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
    if (pair) node = pair.key;
  }
  const range = (node as { range?: [number, number, number] } | null)?.range;
  const { line, col } = counter.linePos(range?.[0] ?? 0);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}

function explain(error: ErrorObject, document: Document, counter: LineCounter, file: string, root: Schema): Problem {
  const path = error.instancePath.split('/').slice(1);
  const where = path.join(' > ');
  if (error.keyword === 'additionalProperties') {
    const key = String(error.params.additionalProperty);
    let at = root;
    for (const part of path) at = at.properties?.[part] ?? at;
    const known = Object.keys(at.properties ?? {});
    const near = nearest(key, known);
    return {
      span: place(document, counter, file, path, key),
      path: where,
      code: 'unknown-setting',
      message: `there is no setting '${key}'`,
      hint: near ? `did you mean '${near}'?` : `settings here are ${known.join(', ')}`,
    };
  }
  const allowed = error.keyword === 'enum' ? ` (${(error.params.allowedValues as string[]).join(', ')})` : '';
  return {
    span: place(document, counter, file, path),
    path: where,
    code: 'bad-setting',
    message: `${error.message ?? error.keyword}${allowed}`,
  };
}

/** A document as plain values. Aliases are followed only here: one without its anchor, or one that multiplies without end, is refused. */
function plain(document: Document, refuse: (message: string) => CremaError): Record<string, unknown> {
  try {
    return document.toJS();
  } catch (error) {
    throw refuse((error as Error).message);
  }
}

/** `--set a.b=value`: the value is read as YAML, so numbers, lists and words come out as in the file. */
function applySetting(document: Document, text: string): void {
  const at = text.indexOf('=');
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  if (at <= 0)
    throw usageError({ message: `--set ${short}`, expected: 'key=value, e.g. --set seed=3', code: 'bad-set' });
  const value = yaml().parseDocument(text.slice(at + 1), { logLevel: 'error', prettyErrors: false });
  if (value.errors.length > 0)
    throw usageError({ message: `--set ${short}: ${value.errors[0]!.message}`, code: 'bad-set' });
  const refuse = (message: string) => usageError({ message: `--set ${short}: ${message}`, code: 'bad-set' });
  const plainValue = plain(value, refuse);
  try {
    document.setIn(text.slice(0, at).split('.'), plainValue);
  } catch {
    throw refuse('there is no such place in the settings');
  }
}

/** Reads and checks an experiment; all problems of the file come in one error, each with its line and column. */
export function readExperiment(file: string | undefined, settings: readonly string[] = []): Experiment {
  let text = '';
  if (file !== undefined) {
    try {
      text = readFileSync(file, 'utf8');
    } catch (cause) {
      throw new CremaError(
        'input',
        { message: `cannot read ${file}`, hint: (cause as Error).message, code: 'no-file' },
        { cause },
      );
    }
  }
  const counter = new (yaml().LineCounter)();
  const document = yaml().parseDocument(text.trim() === '' ? '{}' : text, {
    lineCounter: counter,
    prettyErrors: false,
    logLevel: 'error',
  });
  const name = file ?? '--set';
  if (document.errors.length > 0) {
    throw inputError(
      document.errors.map((e) => {
        const { line, col } = counter.linePos(e.pos[0]);
        return { span: { file: name, line, column: col }, message: e.message, code: 'bad-yaml' };
      }),
    );
  }
  for (const setting of settings) applySetting(document, setting);
  const validate = schemaCheck<Record<string, unknown>>('experiment');
  const value = plain(document, (message) =>
    inputError({ span: { file: name, line: 1, column: 1 }, message, code: 'bad-yaml' }),
  );
  if (!validate(value) && validate.errors) {
    const root = readSchema('experiment') as unknown as Schema;
    throw inputError(validate.errors.map((e) => explain(e, document, counter, name, root)));
  }
  // Paths of the file count from the file; those of --set from the working directory.
  const folder = file === undefined ? process.cwd() : dirname(resolve(file));
  for (const key of ['solver', 'model', 'weights', 'xclbin']) {
    const given = value[key];
    if (typeof given !== 'string') continue;
    const from = settings.some((s) => s.startsWith(`${key}=`)) ? process.cwd() : folder;
    const paths = key === 'weights' ? given.split(',') : [given];
    value[key] = paths.map((path) => resolve(from, path)).join(',');
  }
  return value as unknown as Experiment;
}
