import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Processes, not threads: native libraries hold state per process, and ffi-napi ends a worker thread with a fault.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['scripts/test-setup.mjs'],
    pool: 'forks',
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
