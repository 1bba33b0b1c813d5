import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { deviceError } from '../core/index.ts';
import { type Device, openDevice } from '../device/index.ts';
import { checkXclbin, loadManifest, type Manifest, xclbinPath } from '../kernels/index.ts';
import { setThreads } from '../math/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import { makePlan, type Plan, type PlanOptions } from '../plan/index.ts';
import { type PrecisionSettings, requireEngines } from '../precision/index.ts';
import { accelerator, descriptorWriter } from './accelerator.ts';
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
}

/**
 * An accelerator in use, or none. The manifest alone is enough to plan; the device opens at the first net that needs it, so
 * nothing touches a card before a command needs one.
 */
export class Session {
  readonly settings: SessionSettings;
  readonly manifest: Manifest | undefined;
  private opened: Device | undefined;

  constructor(settings: SessionSettings) {
    this.settings = settings;
    this.manifest = settings.device === 'host' ? undefined : loadManifest(settings.board, settings.config);
    if (settings.precision) requireEngines(settings.precision, this.manifest);
  }

  /** The open device, or undefined where none was needed so far. */
  get device(): Device | undefined {
    return this.opened;
  }

  plan(net: Net, options: PlanOptions = {}): Plan {
    return makePlan(net, {
      accelerator: this.manifest && accelerator(this.manifest),
      placement: this.settings.placement,
      ...options,
    });
  }

  execute(net: Net, params: ParamSet, options: PlanOptions & { observer?: Observer | undefined } = {}): PlanExecution {
    const plan = this.plan(net, options);
    setThreads(this.settings.threads ?? cpus().length);
    const needsCard = plan.placements.some((p) => p.place === 'fpga');
    if (!needsCard || !this.manifest) return new PlanExecution(net, plan, params, { observer: options.observer });
    this.opened ??= this.open(this.manifest);
    return new PlanExecution(net, plan, params, {
      device: this.opened,
      descriptors: descriptorWriter(this.manifest),
      observer: options.observer,
    });
  }

  private open(manifest: Manifest): Device {
    const { settings } = this;
    const file = settings.xclbin ?? xclbinPath(settings.board, settings.config);
    if (!existsSync(file)) {
      throw deviceError({
        message: `no bitstream ${file}`,
        hint: settings.xclbin
          ? 'check the path'
          : `build it with: crema bitstream build --board ${settings.board} --kernel-config ${settings.config}`,
        code: 'no-xclbin',
      });
    }
    const bytes = readFileSync(file);
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
    this.opened?.close();
    this.opened = undefined;
  }
}
