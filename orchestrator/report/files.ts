import { appendFileSync, closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { EventSink, Output } from '../core/index.ts';

/** Appends to a file that stays open; a line is written whole. */
export class LineFile {
  private readonly descriptor: number;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.descriptor = openSync(path, 'a');
  }

  write(text: string): void {
    writeSync(this.descriptor, text);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** events.ndjson: every event of the run but time spans, one JSON object a line. */
export function eventLog(file: LineFile): EventSink {
  return (event) => {
    if (event.kind !== 'span') file.write(`${JSON.stringify(event)}\n`);
  };
}

const field = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Outputs of one name numbered as Caffe's log numbers them, so that columns stay apart. */
function names(outputs: readonly Output[]): string[] {
  return outputs.map((o) => (outputs.filter((p) => p.blob === o.blob).length > 1 ? `${o.blob}[${o.index}]` : o.blob));
}

/** metrics.train.csv or metrics.test.csv: a head line, then a line per display or test. */
export function metrics(path: string, kind: 'train' | 'test'): EventSink {
  let columns = 0;
  return (event) => {
    if (event.kind !== kind || (event.kind === 'train' && !event.display)) return;
    const seconds = (event.time / 1000).toFixed(3);
    const fixed =
      event.kind === 'train'
        ? {
            NumIters: event.iteration,
            Seconds: seconds,
            LearningRate: event.lr,
            images_per_second: event.imagesPerSecond.toFixed(1),
            smoothed_loss: event.smoothedLoss,
          }
        : { NumIters: event.iteration, Seconds: seconds, LearningRate: event.lr, net: event.net };
    const head = [...Object.keys(fixed), ...names(event.outputs)];
    const row = [...Object.values(fixed), ...event.outputs.map((o) => o.value)];
    if (columns !== head.length) {
      appendFileSync(path, `${head.map(field).join(',')}\n`);
      columns = head.length;
    }
    appendFileSync(path, `${row.join(',')}\n`);
  };
}
