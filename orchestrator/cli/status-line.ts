import type { EventSink } from '../core/index.ts';

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const CLEAR = '\r\u001b[K';

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-';
  const s = Math.round(seconds);
  return s >= 3600
    ? `${Math.floor(s / 3600)}h${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}m`
    : `${Math.floor(s / 60)}m${String(s % 60).padStart(2, '0')}s`;
}

/**
 * One live line below the log on a terminal: iteration, loss, images/s, time left, how busy the card is. Where output is
 * piped there is no such line, only the log.
 */
export function statusLine(stream: Stream): { sink: EventSink; print(text: string): void; end(): void } {
  let shown = '';
  let last = 0;
  let maxIter = 0;
  let first: { time: number; iteration: number } | undefined;
  const live = stream.isTTY === true;
  const draw = () => void stream.write(CLEAR + shown);
  return {
    print(text) {
      if (live && shown) stream.write(CLEAR);
      stream.write(text);
      if (live && shown) draw();
    },
    sink(event) {
      if (!live) return;
      if (event.kind === 'start') maxIter = Number(event.config.maxIter ?? 0);
      if (event.kind !== 'train') return;
      first ??= { time: event.time, iteration: event.iteration };
      if (event.time - last < 100) return;
      last = event.time;
      const pace = (event.time - first.time) / Math.max(1, event.iteration - first.iteration) / 1000;
      const left = duration(pace * (maxIter - event.iteration));
      const text = `iteration ${event.iteration}/${maxIter}  loss ${event.smoothedLoss.toFixed(4)}  ${event.imagesPerSecond.toFixed(0)} images/s  ${left} left  card ${(100 * event.deviceBusy).toFixed(0)} % busy`;
      shown = text.slice(0, (stream.columns ?? 80) - 1);
      draw();
    },
    end() {
      if (live && shown) stream.write(CLEAR);
      shown = '';
    },
  };
}
