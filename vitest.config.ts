import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Processes, not threads: native libraries hold state per process, and ffi-napi ends a worker thread with a fault. Files that come
// to the same process share its modules (loading them anew for each costs a fifth of all the time): a test leaves process-wide
// settings as it found them.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['scripts/test-setup.mjs'],
    pool: 'forks',
    isolate: false,
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
