import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TrainRequest, type TrainSummary, trainRun } from '../recipes/index.ts';
import { CurveCollector, caffeLog, htmlReport, openRunDirectory, pastEvents, traceFile } from '../report/index.ts';
import { compileEarly } from './compile-early.ts';
import { statusLine } from './status-line.ts';

/** What the worker tells its supervisor: that it catches signals, that it lives, that it got further. */
export type Heartbeat = { readonly kind: 'ready' | 'alive' | 'snapshot' };

export interface WorkerRequest extends Omit<TrainRequest, 'sinks' | 'shouldStop'> {
  readonly runDirectory: string;
  /** What the user typed. */
  readonly command: readonly string[];
}

/** Caffe's signals: SIGINT snapshots and stops, SIGHUP snapshots and goes on, SIGTERM snapshots and leaves with 75. */
function signals() {
  let asked: 'stop' | 'snapshot' | undefined;
  const seen = { terminated: false };
  process.on('SIGINT', () => {
    asked = 'stop';
  });
  process.on('SIGTERM', () => {
    asked = 'stop';
    seen.terminated = true;
  });
  process.on('SIGHUP', () => {
    asked ??= 'snapshot';
  });
  // A supervisor that is gone can take no news: as if terminated.
  process.on('disconnect', () => {
    asked = 'stop';
    seen.terminated = true;
  });
  process.channel?.unref();
  tell('ready');
  return {
    seen,
    shouldStop: () => {
      alive();
      const now = asked;
      if (asked === 'snapshot') asked = undefined;
      return now;
    },
  };
}

function tell(kind: Heartbeat['kind']): void {
  if (process.connected) process.send?.({ kind } satisfies Heartbeat);
}

let told = 0;

/** Says at most twice a second that this process lives. Test passes hold the event loop, but ask for signals as they go. */
function alive(): void {
  const now = Date.now();
  if (now - told < 500) return;
  told = now;
  tell('alive');
}

/** The process that trains. @returns the summary and the exit code */
export async function trainInWorker(request: WorkerRequest): Promise<{ summary: TrainSummary; code: number }> {
  compileEarly();
  const { seen, shouldStop } = signals();
  const fresh = !existsSync(request.runDirectory);
  let started = false;
  const resolved = {
    ...request.experiment,
    solver: request.solverFile,
    ...(request.weights && { weights: request.weights.map((path) => resolve(path)).join(',') }),
  };
  const directory = openRunDirectory(request.runDirectory, resolved, request.command);
  const status = statusLine(process.stderr);
  try {
    const log = caffeLog((text) => status.print(text));
    const curves = new CurveCollector();
    if (request.resume !== undefined) {
      for (const event of pastEvents(join(request.runDirectory, 'events.ndjson'))) curves.sink(event);
    }
    const { summary, layers, spans, fixed, decisions } = await trainRun({
      ...request,
      shouldStop,
      sinks: [
        ...directory.sinks,
        log,
        status.sink,
        curves.sink,
        (event) => {
          started ||= event.kind === 'start';
          if (event.kind === 'snapshot') tell('snapshot');
        },
      ],
    });
    directory.writeJson('summary.json', summary);
    if (decisions.length > 0 || fixed.length > 0) directory.writeJson('precision.json', { decisions, tensors: fixed });
    directory.write('trace.json', traceFile(spans, summary.net));
    const placed = layers.map((l) => ({ ...l, ...(curves.places.get(l.layer) ?? { place: 'host', reason: '' }) }));
    directory.write(
      'report.html',
      htmlReport({
        ...curves,
        title: `${summary.net} · ${summary.iterations} iterations`,
        summary: { ...summary },
        layers: placed,
        fixed,
        decisions,
        provenance: summary.provenance,
      }),
    );
    return { summary, code: seen.terminated ? 75 : 0 };
  } catch (error) {
    // A run that never began leaves nothing behind.
    if (fresh && !started) rmSync(request.runDirectory, { recursive: true, force: true });
    throw error;
  } finally {
    status.end();
    directory.close();
  }
}
