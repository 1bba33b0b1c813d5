import { Command, type Option } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../orchestrator/cli/run.ts';
import { verbs } from '../../orchestrator/cli/verbs.ts';
import { CremaError } from '../../orchestrator/core/index.ts';

/** What stands between < and > of a flag that takes a number, a size or one word of a few. */
const CHECKED = /<(n|lr|epochs|steps|share|accuracy|phase|kind|rule|how|[CHW]+x[HWx]+)>/;
/** Judged where the words are known: generators may be added. */
const ELSEWHERE = new Set(['--generator']);

/** Every flag of every verb, with the words that lead to it. */
async function flags(): Promise<[string, Option][]> {
  const program = new Command('crema');
  for (const load of verbs.values()) (await load())(program);
  const of = (command: Command, words: string): [string, Option][] => [
    ...command.options.map((option): [string, Option] => [`${words} ${option.long}`, option]),
    ...command.commands.flatMap((inner) => of(inner, `${words} ${inner.name()}`)),
  ];
  return program.commands.flatMap((command) => of(command, command.name()));
}

const checked = (await flags()).filter(([, { flags, long }]) => CHECKED.test(flags) && !ELSEWHERE.has(long!));

describe('values of flags', () => {
  it('there are many', () => expect(checked.length).toBeGreaterThan(50));

  it.each(checked)('%s refuses what it cannot take, by its name', (_, option) => {
    for (const text of ['abc', '', ' ', 'NaN', '1,', '0x', '1e999', '--']) {
      const parse = () => (option.parseArg as (text: string, before: unknown) => unknown)(text, undefined);
      expect(parse, `${option.long} ${text}`).toThrow(CremaError);
      expect(parse, `${option.long} ${text}`).toThrow(`${option.long} ${text}`);
    }
  });

  it.each(checked.filter(([, { flags }]) => /<(n|epochs|steps)>/.test(flags)))(
    '%s takes a whole number',
    (_, option) => {
      const value = option.parseArg!('8' as never, undefined as never);
      expect([8, [8]]).toContainEqual(value);
    },
  );

  it('a command line that has one ends with 2 before anything is opened', async () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await runCommand(['time', '--model', 'nowhere.prototxt', '--iterations', '0'])).toBe(2);
    expect(await runCommand(['train', '--solver', 'nowhere.prototxt', '--max-iter=1.5'])).toBe(2);
    expect(await runCommand(['plan', '--model', 'nowhere.prototxt', '--phase', 'VALIDATION'])).toBe(2);
    expect(await runCommand(['prune', '--model', 'nowhere.prototxt', '--level', '170%'])).toBe(2);
    said.mockRestore();
  });
});
