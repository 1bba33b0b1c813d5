/** A span for the trace file. Milliseconds. */
export interface TraceSpan {
  readonly track: 'host' | 'transfer' | 'device';
  readonly name: string;
  readonly start: number;
  readonly duration: number;
  readonly bytes?: number;
}

const TRACKS = ['host', 'transfer', 'device'] as const;

/** trace.json in the Trace Event Format that Perfetto and chrome://tracing open. Times in microseconds. */
export function traceFile(spans: readonly TraceSpan[], title: string): string {
  const names = TRACKS.map((track, tid) => ({ ph: 'M', pid: 1, tid, name: 'thread_name', args: { name: track } }));
  const events = spans.map((s) => ({
    ph: 'X',
    pid: 1,
    tid: TRACKS.indexOf(s.track),
    ts: Number((s.start * 1000).toFixed(3)),
    dur: Number((s.duration * 1000).toFixed(3)),
    name: s.name,
    ...(s.bytes !== undefined && { args: { bytes: s.bytes } }),
  }));
  const process = { ph: 'M', pid: 1, name: 'process_name', args: { name: title } };
  return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [process, ...names, ...events] });
}
