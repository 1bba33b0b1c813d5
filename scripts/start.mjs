// `npm start`: from a clean clone to a trained LeNet on the emulated card.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildPackages, ensureAll, root } from './setup.mjs';

await ensureAll(buildPackages);
const args = ['train', '--config', join(root, 'examples', 'mnist-lenet', 'experiment.yaml'), ...process.argv.slice(2)];
const done = spawnSync(process.execPath, [join(root, 'bin', 'crema.js'), ...args], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 70);
