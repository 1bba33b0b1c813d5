import { expect, it } from 'vitest';
import { readOptions } from '../../bench/options.ts';

const options = {
  net: { type: 'string', about: '<name> of a net' },
  seconds: { type: 'string', default: '3', about: '<n> seconds' },
  json: { type: 'boolean', default: false, about: 'one JSON object' },
} as const;
const read = (...args: string[]) => readOptions('npm run bench --', 'a bench', options, args);

it('reads what is given and takes the rest as it is where absent', () => {
  expect({ ...read('--net', 'lenet', '--json') }).toEqual({ net: 'lenet', seconds: '3', json: true });
});

it.each([
  [['--bogus'], "Unknown option '--bogus'"],
  [['--net'], "Option '--net <value>' argument missing"],
  [['stray'], "Unexpected argument 'stray'"],
])('refuses %j as a usage error that lists what there is', (args, message) => {
  try {
    read(...args);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({
      kind: 'usage',
      problems: [{ message, expected: '--net, --seconds, --json', hint: 'npm run bench -- --help' }],
    });
  }
});
