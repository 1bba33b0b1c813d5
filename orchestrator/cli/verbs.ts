import type { Command } from 'commander';

type Verb = (program: Command) => void;

/**
 * Every verb of the program, in the order of --help: one file each. A run loads the file of its own verb alone, since
 * reading all modules of all verbs takes longer than most of them work.
 */
export const verbs: ReadonlyMap<string, () => Promise<Verb>> = new Map([
  ['train', async () => (await import('./train.ts')).train],
  ['test', async () => (await import('./test.ts')).test],
  ['time', async () => (await import('./time.ts')).time],
  ['inspect', async () => (await import('./inspect.ts')).inspect],
  ['show', async () => (await import('./show.ts')).show],
  ['plan', async () => (await import('./plan.ts')).plan],
  ['prune', async () => (await import('./prune.ts')).prune],
  ['upgrade', async () => (await import('./upgrade.ts')).upgrade],
  ['adapt', async () => (await import('./adapt.ts')).adapt],
  ['data', async () => (await import('./data.ts')).data],
  ['bitstream', async () => (await import('./bitstream.ts')).bitstream],
  ['devices', async () => (await import('./devices.ts')).devices],
  ['doctor', async () => (await import('./doctor.ts')).doctor],
]);

/** The verb that a command line begins with; all of them where it begins with none (--help, a misspelt one). */
export async function verbsFor(args: readonly string[]): Promise<Verb[]> {
  const named = verbs.get(args[0] ?? '');
  return named ? [await named()] : Promise.all([...verbs.values()].map((load) => load()));
}
