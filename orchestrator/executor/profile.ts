import type { Command } from '../device/index.ts';
import type { Net } from '../net/index.ts';
import type { Observer, StepTime, TransferTime } from './steps.ts';

/** A piece of work on one of the three tracks of a run. Milliseconds since the first recorded step. */
export interface TrackSpan {
  readonly track: 'host' | 'transfer' | 'device';
  readonly name: string;
  readonly start: number;
  readonly duration: number;
  readonly bytes?: number;
}

/** Mean milliseconds of one layer in a step. */
export interface LayerProfile {
  readonly layer: string;
  readonly type: string;
  readonly hostForward: number;
  readonly hostBackward: number;
  readonly deviceForward: number;
  readonly deviceBackward: number;
  readonly launches: number;
}

/** Records what an execution does while `active`; otherwise it costs nothing. */
export class Profile implements Observer {
  active = false;
  readonly steps: StepTime[] = [];
  readonly transfers: TransferTime[] = [];

  step(time: StepTime): void {
    this.steps.push(time);
  }

  transfer(time: TransferTime): void {
    this.transfers.push(time);
  }

  /** Means over `iterations` recorded steps. */
  layers(net: Net, iterations: number): LayerProfile[] {
    const device = (s: StepTime) => s.commands.reduce((sum, c) => sum + duration(c), 0);
    const mean = (list: readonly StepTime[], of: (s: StepTime) => number) =>
      list.reduce((sum, s) => sum + of(s), 0) / Math.max(1, iterations);
    return net.layers.map((layer) => {
      const own = this.steps.filter((s) => s.layer === layer.index);
      const forward = own.filter((s) => s.pass === 'forward');
      const backward = own.filter((s) => s.pass !== 'forward');
      return {
        layer: layer.name,
        type: layer.type.type,
        hostForward: mean(forward, (s) => s.hostMs),
        hostBackward: mean(backward, (s) => s.hostMs),
        deviceForward: mean(forward, device),
        deviceBackward: mean(backward, device),
        launches: mean(own, (s) => s.commands.length),
      };
    });
  }

  /** Everything recorded, on one clock. The card's clock is set against the host's by the command that waited least. */
  spans(net: Net): TrackSpan[] {
    const first = this.steps[0]?.start ?? 0;
    const host = this.steps.map((s): TrackSpan => {
      const layer = net.layers[s.layer]!.name;
      const name = s.kind === 'host' ? `${layer} ${s.pass}` : `${s.kind} ${layer}`;
      return { track: 'host', name, start: s.start + s.waitMs - first, duration: s.hostMs };
    });
    const offsets = this.steps.flatMap((s) =>
      s.commands.map((c) => (c.times ? c.times.queued / 1e6 - (s.start + s.waitMs + s.hostMs) : Number.NaN)),
    );
    const offset = offsets.reduce(
      (least, o) => (Number.isNaN(o) ? least : Math.min(least, o)),
      Number.POSITIVE_INFINITY,
    );
    const onCard = (track: 'transfer' | 'device', name: string, command: Command, bytes?: number): TrackSpan[] =>
      command.times
        ? [
            {
              track,
              name,
              start: command.times.start / 1e6 - offset - first,
              duration: duration(command),
              ...(bytes !== undefined && { bytes }),
            },
          ]
        : [];
    const device = this.steps.flatMap((s) => s.commands.flatMap((c) => onCard('device', c.label, c)));
    const transfers = this.transfers.flatMap((t) =>
      onCard('transfer', `${t.direction} card: ${t.label}`, t.command, t.bytes),
    );
    return [...host, ...device, ...transfers];
  }
}

const duration = (command: Command) => (command.times ? (command.times.end - command.times.start) / 1e6 : 0);
