import type { EventSink, Output, RunEvent } from '../core/index.ts';

/** C++'s default `ostream << float`: six significant digits, as Caffe's log prints every figure. */
export function formatFigure(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(6)))));
  if (exponent < -4 || exponent >= 6) {
    const [mantissa = '', power = ''] = value.toExponential(5).split('e');
    const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
    return `${trimmed}e${power.startsWith('-') ? '-' : '+'}${power.replace(/^[+-]/, '').padStart(2, '0')}`;
  }
  return String(Number(value.toPrecision(6)));
}

const two = (n: number) => String(n).padStart(2, '0');

/** glog's line head: severity, month and day, time with microseconds, thread, source place. */
function head(place: string): string {
  const d = new Date();
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds() * 1000).padStart(6, '0')}`;
  return `I${two(d.getMonth() + 1)}${two(d.getDate())} ${clock} ${String(process.pid).padStart(5)} ${place}] `;
}

function outputLines(kind: 'Train' | 'Test', outputs: readonly Output[]): string[] {
  return outputs.map((o) => {
    const weighted =
      o.lossWeight === 0 ? '' : ` (* ${formatFigure(o.lossWeight)} = ${formatFigure(o.lossWeight * o.value)} loss)`;
    return `    ${kind} net output #${o.index}: ${o.blob} = ${formatFigure(o.value)}${weighted}`;
  });
}

/**
 * Caffe's own log lines, word for word, so that its parse_log.py and every script written around it read ours.
 * @param write receives whole lines, newline included
 */
export function caffeLog(write: (text: string) => void): EventSink {
  let lastIteration = 0;
  let lastTime = 0;
  const line = (place: string, text: string) => write(`${head(place)}${text}\n`);
  const solver = (text: string) => line('solver.cpp:0', text);
  return (event: RunEvent) => {
    switch (event.kind) {
      case 'start':
        lastIteration = Number(event.config.iteration ?? 0);
        solver(`Solving ${String(event.config.net ?? '')}`);
        solver(`Learning Rate Policy: ${String(event.config.lrPolicy ?? '')}`);
        break;
      case 'notice':
        line('crema.ts:0', event.message);
        break;
      case 'net':
        for (const l of event.layers) line('net.cpp:0', `Setting up ${l.name} (${l.type}): ${l.place}, ${l.reason}`);
        break;
      case 'test-start':
        solver(`Iteration ${event.iteration}, Testing net (#${event.net})`);
        break;
      case 'test':
        if (event.loss !== undefined) solver(`Test loss: ${formatFigure(event.loss)}`);
        for (const text of outputLines('Test', event.outputs)) solver(text);
        break;
      case 'train': {
        if (!event.display) break;
        const iterations = event.iteration - lastIteration;
        const seconds = Math.max(1e-9, (event.time - lastTime) / 1000);
        const rate =
          iterations === 0
            ? ''
            : ` (${formatFigure(iterations / seconds)} iter/s, ${formatFigure(seconds)}s/${iterations} iters)`;
        solver(`Iteration ${event.iteration}${rate}, loss = ${formatFigure(event.smoothedLoss)}`);
        for (const text of outputLines('Train', event.outputs)) solver(text);
        line('sgd_solver.cpp:0', `Iteration ${event.iteration}, lr = ${formatFigure(event.lr)}`);
        lastIteration = event.iteration;
        lastTime = event.time;
        break;
      }
      case 'precision': {
        solver(`Precision ${event.line}`);
        const { change } = event;
        if (change) {
          const what = change.reloads ? 'loaded' : 'goes on with';
          solver(`Precision ${what} ${change.config} in ${change.milliseconds.toFixed(1)} ms`);
        }
        break;
      }
      case 'snapshot':
        solver(`Snapshotting to binary proto file ${event.model}`);
        line('sgd_solver.cpp:0', `Snapshotting solver state to binary proto file ${event.state}`);
        break;
      case 'end':
        if (event.reason === 'done') solver('Optimization Done.');
        else solver(`Optimization stopped early: ${event.reason}.`);
        break;
      case 'debug':
        for (const text of event.lines) line('net.cpp:0', text);
        break;
      case 'span':
        break;
    }
  };
}
