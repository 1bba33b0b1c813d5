import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../orchestrator/core/index.ts';
import { buildNet, type Net } from '../../orchestrator/net/index.ts';
import { parseNet, upgradeNet } from '../../orchestrator/proto/index.ts';

/** Where the net of that name is. */
export const netFile = (name: string): string => join(packageRoot(), 'bench', 'nets', `${name}.prototxt`);

/** A training net of a file, with its inputs at another batch than the file's where one is given. */
export function netAtBatch(file: string, batch?: number): Net {
  const net = upgradeNet(parseNet(readFileSync(file), file));
  for (const layer of net.layer)
    for (const shape of layer.input_param?.shape ?? []) if (batch !== undefined) shape.dim[0] = batch;
  return buildNet(net, { phase: 'TRAIN', seed: 1, file });
}
