import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { CremaError, inputError } from '../core/index.ts';
import { type Device, type DeviceCounters, openDevice } from '../device/index.ts';
import { checkXclbin, loadManifest, type Manifest, xclbinPath } from '../kernels/index.ts';
import { setThreads } from '../math/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import { makePlan, type Plan, type PlannedPrecision, type PlanOptions } from '../plan/index.ts';
import { levelName, type PrecisionSettings } from '../precision/index.ts';
import { accelerator, descriptorWriter } from './accelerator.ts';
import { ladderEngines } from './engines.ts';
import { PlanExecution } from './run.ts';
import type { Observer } from './steps.ts';

/** Where nets are to run. */
export interface SessionSettings {
  /** `host`, `sim`, `xrt`, or an OpenCL platform's name. */
  readonly device: string;
  readonly board: string;
  readonly config: string;
  readonly xclbin?: string | undefined;
  readonly memory?: 'strict' | 'shared' | undefined;
  readonly threads?: number | undefined;
  /** Seconds one command may take. */
  readonly deadline?: number | undefined;
  readonly placement?: PlanOptions['placement'];
  readonly precision?: PrecisionSettings | undefined;
  /** Of rounding draws; default 1. */
  readonly seed?: number | undefined;
}

function readBitstream(file: string, hint: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = absent ? `no bitstream ${file}` : `cannot read the bitstream ${file}: ${(cause as Error).message}`;
    throw new CremaError('device', { message, hint, code: 'no-xclbin' }, { cause });
  }
}

function sumCounters(a: DeviceCounters, b: DeviceCounters | undefined): DeviceCounters {
  if (!b) return { ...a };
  return {
    launches: a.launches + b.launches,
    bytesToDevice: a.bytesToDevice + b.bytesToDevice,
    bytesFromDevice: a.bytesFromDevice + b.bytesFromDevice,
    busyNanoseconds: a.busyNanoseconds + b.busyNanoseconds,
  };
}

/**
 * An accelerator in use, or none. The manifest alone is enough to plan; the device opens at the first net that needs it, so
 * nothing touches a card before a command needs one.
 */
export class Session {
  readonly settings: SessionSettings;
  private readonly base: Manifest | undefined;
  /** Manifest of each level of the ladder; empty without one. */
  private readonly engines: readonly (Manifest | undefined)[];
  private level = 0;
  private opened: { device: Device; manifest: Manifest } | undefined;
  /** Of devices that were closed: a ladder may use several bitstreams. */
  private readonly before: DeviceCounters = { launches: 0, bytesToDevice: 0, bytesFromDevice: 0, busyNanoseconds: 0 };

  /** Throws input errors where the precision settings ask for what no bitstream has. */
  constructor(settings: SessionSettings) {
    this.settings = settings;
    if (settings.precision?.channelBlock !== undefined) {
      throw inputError({
        path: 'precision > channelBlock',
        message: 'the engines take one exponent per tensor',
        hint: 'exponents per channel block exist in the reference and in the host library (docs/precision.md)',
        code: 'no-engine',
      });
    }
    this.base = settings.device === 'host' ? undefined : loadManifest(settings.board, settings.config);
    this.engines = settings.precision
      ? ladderEngines(settings.precision, this.base, settings.xclbin !== undefined)
      : [];
  }

  /** The bitstream in use: that of the level, or the experiment's own. */
  get manifest(): Manifest | undefined {
    return this.engines[this.level] ?? this.base;
  }

  /** Name of the ladder's level in use; fp32 without a ladder. */
  get levelName(): string {
    return levelName(this.settings.precision?.ladder[this.level] ?? 'fp32');
  }

  /** The open device, or undefined where none was needed so far. */
  get device(): Device | undefined {
    return this.opened?.device;
  }

  /** Totals over all bitstreams so far. */
  get counters(): DeviceCounters {
    return sumCounters(this.before, this.opened?.device.counters);
  }

  /**
   * Executions made from now on compute at this level of the ladder. All others must be closed. Another bitstream is loaded by the
   * next execution that needs it. @returns whether one will be, and its name
   */
  useLevel(level: number): { reloads: boolean; config: string } {
    this.level = level;
    const { manifest } = this;
    const reloads = this.opened !== undefined && this.opened.manifest !== manifest;
    if (reloads) this.close();
    return { reloads, config: manifest?.config ?? 'host' };
  }

  /** Test nets compute with the master weights unless asked otherwise. */
  private precisionOf(net: Net): PlannedPrecision | undefined {
    const { precision } = this.settings;
    if (!precision || (net.phase === 'TEST' && precision.test === 'fp32')) return undefined;
    return { level: precision.ladder[this.level]!, layers: precision.layers };
  }

  plan(net: Net, options: PlanOptions = {}): Plan {
    return makePlan(net, {
      accelerator: this.manifest && accelerator(this.manifest),
      placement: this.settings.placement,
      precision: this.precisionOf(net),
      ...options,
    });
  }

  execute(net: Net, params: ParamSet, options: PlanOptions & { observer?: Observer | undefined } = {}): PlanExecution {
    const plan = this.plan(net, options);
    setThreads(this.settings.threads ?? cpus().length);
    const needsCard = plan.placements.some((p) => p.place === 'fpga');
    const { manifest } = this;
    if (!needsCard || !manifest) return new PlanExecution(net, plan, params, { observer: options.observer });
    this.opened ??= { device: this.open(manifest), manifest };
    const { precision, seed = 1 } = this.settings;
    return new PlanExecution(net, plan, params, {
      device: this.opened.device,
      descriptors: descriptorWriter(manifest),
      observer: options.observer,
      fixed: precision && { rounding: precision.rounding, exponents: precision.exponents, seed },
    });
  }

  private open(manifest: Manifest): Device {
    const { settings } = this;
    const { board, config } = manifest;
    const file = settings.xclbin ?? xclbinPath(board, config);
    const bytes = readBitstream(
      file,
      settings.xclbin
        ? 'check the path'
        : `build it with: crema bitstream build --board ${board} --kernel-config ${config}`,
    );
    checkXclbin(bytes, manifest, file);
    // The emulated card reads its settings when its library is loaded.
    process.env.CREMA_SIM_MEMORY ??= settings.memory ?? 'shared';
    process.env.CREMA_SIM_THREADS ??= String(settings.threads ?? cpus().length);
    return openDevice({
      device: settings.device,
      image: { kind: 'xclbin', file, bytes },
      kernel: manifest.kernel,
      ...(settings.deadline !== undefined && { deadline: settings.deadline }),
    });
  }

  close(): void {
    if (!this.opened) return;
    this.opened.device.close();
    Object.assign(this.before, this.counters);
    this.opened = undefined;
  }
}
