import { existsSync, rmSync } from 'node:fs';
import type { EventSink } from '../core/index.ts';
import { type TrainRequest, type TrainSummary, trainRun } from '../recipes/index.ts';
import { CurveCollector, caffeLog, htmlReport, openRunDirectory, traceFile } from '../report/index.ts';
import { statusLine } from './status-line.ts';

/** What the worker tells its supervisor: that it lives, and how far it is. */
export type Heartbeat = { readonly kind: 'alive'; readonly iteration: number };

export interface WorkerRequest extends Omit<TrainRequest, 'sinks' | 'shouldStop'> {
  readonly runDirectory: string;
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
  return {
    seen,
    shouldStop: () => {
      const now = asked;
      if (asked === 'snapshot') asked = undefined;
      return now;
    },
  };
}

function heartbeat(): EventSink {
  let last = 0;
  return (event) => {
    const now = Date.now();
    if (!process.send || now - last < 500) return;
    last = now;
    const message: Heartbeat = { kind: 'alive', iteration: 'iteration' in event ? event.iteration : 0 };
    process.send(message);
  };
}

/** The process that trains. @returns the summary and the exit code */
export async function trainInWorker(request: WorkerRequest): Promise<{ summary: TrainSummary; code: number }> {
  const { seen, shouldStop } = signals();
  const fresh = !existsSync(request.runDirectory);
  let started = false;
  const directory = openRunDirectory(request.runDirectory, {
    ...request.experiment,
    solver: request.solverFile,
    ...(request.weights && { weights: request.weights }),
  });
  const status = statusLine(process.stderr);
  try {
    const log = caffeLog((text) => status.print(text));
    const curves = new CurveCollector();
    const { summary, layers, spans } = await trainRun({
      ...request,
      shouldStop,
      sinks: [
        ...directory.sinks,
        log,
        status.sink,
        curves.sink,
        heartbeat(),
        (event) => {
          started ||= event.kind === 'start';
        },
      ],
    });
    directory.writeJson('summary.json', summary);
    directory.write('trace.json', traceFile(spans, summary.net));
    const placed = layers.map((l) => ({ ...l, ...(curves.places.get(l.layer) ?? { place: 'host', reason: '' }) }));
    directory.write(
      'report.html',
      htmlReport({
        ...curves,
        title: `${summary.net} · ${summary.iterations} iterations`,
        summary: { ...summary },
        layers: placed,
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
