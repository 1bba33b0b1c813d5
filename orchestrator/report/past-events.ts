import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { RunEvent } from '../core/index.ts';

const CHUNK = 2 ** 20;

/** Lines of a file of any size. */
function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const decoder = new StringDecoder('utf8');
    const buffer = Buffer.allocUnsafe(CHUNK);
    let rest = '';
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      const lines = (rest + decoder.write(buffer.subarray(0, read))).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
    yield rest;
  } finally {
    closeSync(file);
  }
}

/**
 * Events that earlier processes of a run wrote to events.ndjson, in order: what a report of the whole run draws. A line that a crash cut
 * off is left out.
 */
export function* pastEvents(path: string): Generator<RunEvent> {
  if (!existsSync(path)) return;
  for (const line of linesOf(path)) {
    if (!line.startsWith('{') || !line.endsWith('}')) continue;
    try {
      yield JSON.parse(line) as RunEvent;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}
