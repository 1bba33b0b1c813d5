import type { Command } from 'commander';
import { adapt } from './adapt.ts';
import { bitstream } from './bitstream.ts';
import { data } from './data.ts';
import { devices } from './devices.ts';
import { doctor } from './doctor.ts';
import { inspect } from './inspect.ts';
import { plan } from './plan.ts';
import { prune } from './prune.ts';
import { show } from './show.ts';
import { test } from './test.ts';
import { time } from './time.ts';
import { train } from './train.ts';
import { upgrade } from './upgrade.ts';

/** Every verb of the program: one file each, in the order of --help. */
export const verbs: readonly ((program: Command) => void)[] = [
  train,
  test,
  time,
  inspect,
  show,
  plan,
  prune,
  upgrade,
  adapt,
  data,
  bitstream,
  devices,
  doctor,
];
