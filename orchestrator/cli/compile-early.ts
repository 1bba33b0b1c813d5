import { setFlagsFromString } from 'node:v8';

/**
 * For commands that run steps: a step calls each function a few times, between long native calls, so that V8 with its own budget (132 KiB of
 * executed bytecode) would compile them after some thousand steps. Commands that only read files are faster without.
 */
export function compileEarly(): void {
  setFlagsFromString('--interrupt-budget=10000');
}
