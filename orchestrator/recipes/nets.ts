import { readFileSync } from 'node:fs';
import { CremaError } from '../core/index.ts';
import { buildNet, type Net, type NetOptions } from '../net/index.ts';
import { parseNet, upgradeNet } from '../proto/index.ts';

/** The bytes of a file the user named. @throws CremaError input with the path */
export function readInput(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CremaError(
      'input',
      { message: `cannot read the ${what} ${file}`, hint: (cause as Error).message, code: 'no-file' },
      { cause },
    );
  }
}

/** A net from its prototxt, legacy forms upgraded. */
export function loadNet(file: string, options: Omit<NetOptions, 'file'>): Net {
  return buildNet(upgradeNet(parseNet(readInput(file, 'net'), file)), { ...options, file });
}
