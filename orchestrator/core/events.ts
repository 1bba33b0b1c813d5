import type { Span } from './errors.ts';

/** Origin of a figure a user sees. Emulation never claims card time. */
export type Provenance = 'measured' | 'simulated' | 'modelled';

/** What a run tells its sinks (log, NDJSON, CSV, report). `time` is milliseconds since the run began. */
export type RunEvent =
  | { kind: 'start'; time: number; config: Record<string, unknown> }
  | { kind: 'notice'; time: number; message: string; span?: Span }
  | {
      kind: 'net';
      time: number;
      phase: string;
      index: number;
      layers: { name: string; type: string; place: string; reason: string }[];
    }
  | {
      kind: 'train';
      time: number;
      iteration: number;
      loss: number;
      smoothedLoss: number;
      lr: number;
      outputs: Output[];
      imagesPerSecond: number;
      deviceBusy: number;
      /** The solver's `display` falls on this iteration; outputs are given only then. */
      display: boolean;
    }
  | { kind: 'debug'; time: number; iteration: number; lines: string[] }
  | { kind: 'test-start'; time: number; iteration: number; net: number }
  | {
      kind: 'test';
      time: number;
      iteration: number;
      net: number;
      outputs: Output[];
      loss: number | undefined;
      lr: number;
    }
  | { kind: 'snapshot'; time: number; iteration: number; model: string; state: string }
  | {
      kind: 'span';
      time: number;
      track: 'host' | 'transfer' | 'device';
      name: string;
      start: number;
      duration: number;
      bytes?: number;
    }
  | { kind: 'end'; time: number; iteration: number; reason: string; summary: Record<string, unknown> };

/** One element of a net output, as Caffe prints it. */
export interface Output {
  readonly index: number;
  readonly blob: string;
  readonly value: number;
  readonly lossWeight: number;
}

export type EventSink = (event: RunEvent) => void;
