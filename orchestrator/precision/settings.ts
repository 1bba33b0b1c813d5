import { CremaError, inputError } from '../core/index.ts';
import type { ExponentRule } from './exponents.ts';
import { type FinalPhase, MUPPET_FINAL } from './final-phase.ts';
import { type Level, ROLES, type Role } from './format.ts';
import { decodeLadder, decodeLevel, type WrittenLevel } from './ladder.ts';
import { type OptionName, type PolicyOptions, policyTypes } from './policies/index.ts';
import type { PrecisionPolicy } from './policy.ts';
import type { Rounding } from './rounding.ts';

/** `precision` of experiment.yaml, checked by the schema (protos/experiment.schema.json). */
export interface ExperimentPrecision extends PolicyOptions {
  readonly policy: string;
  readonly ladder?: readonly WrittenLevel[];
  readonly layers?: Readonly<Record<string, WrittenLevel>>;
  readonly rounding?: Rounding | Readonly<Partial<Record<Role, Rounding>>>;
  readonly exponents?: 'exact' | 'delayed';
  readonly history?: number;
  readonly margin?: number;
  readonly channelBlock?: number;
  readonly iterationsPerEpoch?: number;
  readonly final?: Partial<FinalPhase> | null;
  readonly minimumStay?: number;
  readonly reloadSeconds?: number;
  readonly test?: 'fp32' | 'level';
}

/** The same with every default filled in. */
export interface PrecisionSettings {
  readonly policy: PrecisionPolicy;
  readonly ladder: readonly Level[];
  /** Levels of single layers, by name or glob, first match first; the ladder does not move them. */
  readonly layers: readonly { readonly pattern: string; readonly level: Level }[];
  readonly rounding: Readonly<Record<Role, Rounding>>;
  readonly exponents: ExponentRule;
  /** Channels that share an exponent; undefined: one exponent per tensor. */
  readonly channelBlock?: number | undefined;
  readonly iterationsPerEpoch?: number | undefined;
  /** What follows the last switch; undefined: the solver's own rates and end. */
  readonly final?: FinalPhase | undefined;
  /** Epochs over which a level has to pay for its reload; undefined: no hysteresis. */
  readonly minimumStay?: number | undefined;
  /** What hysteresis takes loading a bitstream to cost: an assumption, to be replaced by the time of one's own card. */
  readonly reloadSeconds: number;
  /** Test nets compute with the fp32 master weights, or at the level of training. */
  readonly test: 'fp32' | 'level';
}

const OPTION_NAMES: readonly OptionName[] = [...policyTypes.values()].flatMap((type) => type.options);

function decodePolicy(written: ExperimentPrecision, levels: number, seed: number): PrecisionPolicy {
  const type = policyTypes.get(written.policy)!;
  const foreign = OPTION_NAMES.filter((name) => written[name] !== undefined && !type.options.includes(name));
  if (foreign.length > 0) {
    throw inputError(
      foreign.map((name) => ({
        path: `precision > ${name}`,
        message: `the policy '${type.name}' has no '${name}'`,
        expected: type.options.join(', ') || 'no options',
        code: 'foreign-option',
      })),
    );
  }
  const refuse = (setting: string, message: string, expected: string) =>
    new CremaError('input', { path: `precision > ${setting}`, message, expected, code: 'bad-policy' });
  const options: PolicyOptions = Object.fromEntries(
    type.options.filter((name) => written[name] !== undefined).map((name) => [name, written[name]]),
  );
  return type.make(levels, options, seed, refuse);
}

function decodeExponents(written: ExperimentPrecision): ExponentRule {
  const { exponents = 'exact', history, margin } = written;
  if (exponents === 'delayed' && written.channelBlock !== undefined) {
    throw inputError({
      path: 'precision > channelBlock',
      message: 'delayed exponents look back on one magnitude per tensor',
      expected: 'exponents: exact',
      code: 'foreign-option',
    });
  }
  if (exponents === 'delayed') return { kind: 'delayed', history: history ?? 16, margin: margin ?? 1 };
  if (history === undefined && margin === undefined) return { kind: 'exact' };
  throw inputError({
    path: 'precision > exponents',
    message: 'history and margin belong to delayed exponents',
    expected: 'exponents: delayed',
    code: 'foreign-option',
  });
}

function decodeRounding(written: ExperimentPrecision['rounding']): Record<Role, Rounding> {
  const of = (role: Role): Rounding => (typeof written === 'string' ? written : (written?.[role] ?? 'stochastic'));
  return Object.fromEntries(ROLES.map((role) => [role, of(role)])) as Record<Role, Rounding>;
}

/** `precision` of an experiment, or undefined where it has none. Throws input errors that name the setting. */
export function decodePrecision(experiment: {
  readonly precision?: ExperimentPrecision | undefined;
  readonly seed: number;
}): PrecisionSettings | undefined {
  const written = experiment.precision;
  if (written === undefined) return undefined;
  const type = policyTypes.get(written.policy);
  if (!type) {
    const expected = [...policyTypes.keys()].join(', ');
    throw inputError({ path: 'precision > policy', message: `no policy '${written.policy}'`, expected });
  }
  const steps = written.ladder ?? type.ladder;
  if (!steps) {
    const message = `the policy '${type.name}' needs a ladder`;
    throw inputError({ path: 'precision > ladder', message, expected: 'e.g. [8, 12, fp32]', code: 'no-ladder' });
  }
  const ladder = decodeLadder(steps);
  // MuPPET says what follows its last switch; other policies leave the rest to the solver unless asked.
  const final = written.final === undefined && written.policy === 'muppet' ? {} : written.final;
  return {
    policy: decodePolicy(written, ladder.length, experiment.seed),
    ladder,
    layers: Object.entries(written.layers ?? {}).map(([pattern, level]) => ({
      pattern,
      level: decodeLevel(level, `precision > layers > ${pattern}`),
    })),
    rounding: decodeRounding(written.rounding),
    exponents: decodeExponents(written),
    channelBlock: written.channelBlock,
    iterationsPerEpoch: written.iterationsPerEpoch,
    final: final ? { ...MUPPET_FINAL, ...final } : undefined,
    minimumStay: written.minimumStay,
    reloadSeconds: written.reloadSeconds ?? 2,
    test: written.test ?? 'fp32',
  };
}
