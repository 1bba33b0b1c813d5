import { expect, test } from 'vitest';
import { awaitChange, startThread } from '../../orchestrator/data/thread.ts';

test('a thread that dies while starting is told at once, with its reason', () => {
  const thread = startThread('not-there', {});
  const wait = () => awaitChange(thread, new Int32Array(new SharedArrayBuffer(4)), 0, 0, 'the loader of digits');
  expect(wait).toThrow(/Cannot find module .*not-there/);
  // Nothing more comes from it: that too is told, not waited for.
  expect(wait).toThrow(/the loader of digits failed without a reason/);
  thread.end();
});
