import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type EventSink, makeFolder, type Output, replaceFile, writing } from '../core/index.ts';

/** Appends to a file that stays open; a line is written whole, and begins anew behind one that a crash cut off. */
export class LineFile {
  private readonly path: string;
  private readonly descriptor: number;

  constructor(path: string) {
    makeFolder(dirname(path));
    this.path = path;
    this.descriptor = writing(path, () => openSync(path, 'a+'));
    const { size } = fstatSync(this.descriptor);
    const last = Buffer.alloc(1);
    if (size > 0 && readSync(this.descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a) this.write('\n');
  }

  write(text: string): void {
    writing(this.path, () => writeSync(this.descriptor, text));
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

/** Lines of a table whose iteration, the first column, comes before `iteration`; the head too. */
function keepBefore(path: string, iteration: number): string {
  const [head = '', ...rows] = readFileSync(path, 'utf8').split('\n');
  const kept = rows.filter((row) => row !== '' && Number(row.slice(0, row.indexOf(','))) < iteration);
  const text = [head, ...kept].map((line) => `${line}\n`).join('');
  replaceFile(path, text);
  return head;
}

/**
 * metrics.train.csv or metrics.test.csv: a head line, then a line per display or test. A run that goes on from a snapshot does some
 * iterations again: their lines give way to the new ones.
 */
export function metrics(path: string, kind: 'train' | 'test'): EventSink {
  let head = '';
  return (event) => {
    if (event.kind === 'start' && existsSync(path)) head = keepBefore(path, Number(event.config['iteration'] ?? 0));
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
    const row = [...Object.values(fixed), ...event.outputs.map((o) => o.value)].join(',');
    const columns = [...Object.keys(fixed), ...names(event.outputs)].map(field).join(',');
    writing(path, () => appendFileSync(path, columns === head ? `${row}\n` : `${columns}\n${row}\n`));
    head = columns;
  };
}
