import { dataError } from '../core/index.ts';

const MOST_CLASSES = 2 ** 24;

/** Reads `0-3,8,12-15`: class numbers, ascending, each once. `where` names the text in a message. */
export function parseClassList(text: string, where: string): readonly number[] {
  const classes = new Set<number>();
  for (const part of text.split(',')) {
    const [, first = '', last = first] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last);
    if (first === '' || to < from || to >= MOST_CLASSES) {
      throw dataError({
        message: `${where}: "${part.trim()}" names no classes`,
        expected: 'class numbers and ranges, e.g. 0-3,8,12',
        code: 'bad-class-list',
      });
    }
    for (let label = from; label <= to; label++) classes.add(label);
  }
  return [...classes].sort((a, b) => a - b);
}

/** The shortest text that `parseClassList` reads as these classes (ascending). */
export function formatClassList(classes: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const label of classes) {
    const run = runs.at(-1);
    if (run && run[1] === label - 1) run[1] = label;
    else runs.push([label, label]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
