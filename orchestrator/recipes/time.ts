import { performance } from 'node:perf_hooks';
import type { Provenance } from '../core/index.ts';
import { Profile, type Session } from '../executor/index.ts';
import { nativeClock } from '../native/index.ts';
import { createParams, type Net } from '../net/index.ts';
import { fillInputs } from './inputs.ts';
import { modelPlan } from './model-plan.ts';
import { provenanceOf } from './session-settings.ts';

/** One layer's share of a step. Milliseconds and bytes per step. */
export interface LayerTime {
  readonly name: string;
  readonly type: string;
  readonly place: 'host' | 'fpga';
  /** Host time in its own steps: native code and the JavaScript around it. */
  readonly host_forward_ms: number;
  readonly host_backward_ms: number;
  /** Time on the card's clock. */
  readonly device_forward_ms: number;
  readonly device_backward_ms: number;
  readonly launches: number;
}

export interface TimeResult {
  readonly net: string;
  readonly device: string;
  readonly provenance: Provenance;
  readonly batch: number;
  readonly threads: number;
  readonly iterations: number;
  readonly images_per_second: number;
  readonly step_ms: number;
  readonly launches: number;
  readonly bytes_to_device: number;
  readonly bytes_from_device: number;
  /** Modelled: useful multiply-accumulates over those the configured array has room for. */
  readonly array_utilisation: number | null;
  /** Of the step's time, what is not inside native calls. */
  readonly javascript_share: number;
  readonly javascript_ms: number;
  readonly memory: { readonly blobs: number; readonly parameters: number; readonly layers: number };
  readonly layers: readonly LayerTime[];
}

export interface TimeOptions {
  readonly iterations: number;
  /** Steps before those that count; where absent, as many as are timed, 2 or more, but no new one after 2 s. */
  readonly warmup?: number;
  /** Forward only. */
  readonly forwardOnly?: boolean;
  readonly seed: number;
  readonly threads: number;
}

/** Steps that are recorded for the table of layers. */
const WATCHED = 10;
const WARM_MS = 2000;

/** The first steps allocate, and JavaScript is compiled while it runs: what is wanted is the pace of a long training. */
function warmUp(step: () => void, { warmup, iterations }: TimeOptions): void {
  const begin = performance.now();
  const steps = warmup ?? Math.max(2, iterations);
  for (let i = 0; i < steps; i++) {
    if (warmup === undefined && i >= 2 && performance.now() - begin > WARM_MS) return;
    step();
  }
}

/** Times whole steps of a net; inputs without a source of their own hold fixed random numbers. */
export function timeNet(net: Net, session: Session, options: TimeOptions): TimeResult {
  const profile = new Profile();
  const params = createParams(net, options.seed);
  const training = !options.forwardOnly;
  const execution = session.execute(net, params, { training, observer: profile });
  fillInputs(net, execution, options.seed);
  const step = () => {
    execution.forward();
    if (!training) return;
    execution.backward(false);
    execution.collectGradients();
    execution.parametersChanged();
  };
  warmUp(step, options);
  execution.settle();
  const before = { ...session.device?.counters };
  nativeClock.milliseconds = 0;
  nativeClock.running = true;
  const begin = performance.now();
  for (let i = 0; i < options.iterations; i++) step();
  execution.settle();
  const elapsed = performance.now() - begin;
  nativeClock.running = false;
  const javascript = Math.max(0, elapsed - nativeClock.milliseconds);
  // A copy: the card goes on counting.
  const after = session.device && { ...session.device.counters };
  const per = (key: 'launches' | 'bytesToDevice' | 'bytesFromDevice') =>
    after ? (after[key] - (before[key] ?? 0)) / options.iterations : 0;
  // The layers' shares come from steps of their own: being watched is work too.
  const watched = Math.min(options.iterations, WATCHED);
  profile.active = true;
  for (let i = 0; i < watched; i++) step();
  execution.settle();
  profile.active = false;
  const model = session.manifest ? modelPlan(execution.plan, net, session.manifest) : undefined;
  const result: TimeResult = {
    net: net.name,
    device: session.device?.name ?? 'host',
    provenance: provenanceOf(session),
    batch: net.batch,
    threads: options.threads,
    iterations: options.iterations,
    images_per_second: (net.batch * options.iterations * 1000) / elapsed,
    step_ms: elapsed / options.iterations,
    launches: per('launches'),
    bytes_to_device: per('bytesToDevice'),
    bytes_from_device: per('bytesFromDevice'),
    array_utilisation: model?.utilisation ?? null,
    javascript_share: javascript / elapsed,
    javascript_ms: javascript / options.iterations,
    memory: execution.memoryBytes(),
    layers: profile.layers(net, watched).map((l, i) => ({
      name: l.layer,
      type: l.type,
      place: execution.plan.placements[i]!.place,
      host_forward_ms: l.hostForward,
      host_backward_ms: l.hostBackward,
      device_forward_ms: l.deviceForward,
      device_backward_ms: l.deviceBackward,
      launches: l.launches,
    })),
  };
  execution.close();
  return result;
}
