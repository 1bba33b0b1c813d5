import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These take tens of seconds: started last, one would run alone. */
const LONG = ['examples/short', 'e2e/train-process', 'hls/csim', 'sim/card', 'device/contract', 'e2e/bits', 'e2e/golden-run'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = LONG.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`));
      return found < 0 ? LONG.length : found;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

// Processes, not threads: native libraries hold state per process, and ffi-napi ends a worker thread with a fault. Files that come
// to the same process share its modules (loading them anew for each costs a fifth of all the time): a test leaves process-wide
// settings as it found them.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['scripts/test-setup.mjs'],
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    isolate: false,
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
