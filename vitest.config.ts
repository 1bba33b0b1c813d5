import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Rooms whose tests start no device and set no process-wide state: their files share a process, and load the modules once. */
const SHARED = ['core', 'cost', 'kernels', 'layers', 'net', 'plan', 'precision', 'proto', 'prune', 'report', 'snapshot', 'solver'];
const shared = [...SHARED.map((room) => `test/${room}/**/*.test.ts`), 'test/architecture.test.ts'];

// Processes, not threads: native libraries hold state per process, and ffi-napi ends a worker thread with a fault.
export default defineConfig({
  test: {
    globalSetup: ['scripts/test-setup.mjs'],
    pool: 'forks',
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'devices', include: ['test/**/*.test.ts'], exclude: shared } },
      { extends: true, test: { name: 'rooms', include: shared, isolate: false } },
    ],
  },
});
