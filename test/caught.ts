import { expect } from 'vitest';
import { CremaError } from '../orchestrator/core/index.ts';

/** The error of ours that `body` throws. */
export function caught(body: () => unknown): CremaError {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(CremaError);
    return error as CremaError;
  }
  throw new Error('nothing was thrown');
}
