// `npm start`: from a clean clone to a trained LeNet on the emulated card.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildPackages, ensureBitstreams, ensureBuild, ensureModules, ensureNative, ensureNode, ensureSystem, root } from './setup.mjs';

ensureNode();
ensureSystem(buildPackages);
ensureModules();
ensureNative();
ensureBuild();
ensureBitstreams();
const args = ['train', '--config', join(root, 'examples', 'mnist-lenet', 'experiment.yaml'), ...process.argv.slice(2)];
const done = spawnSync(process.execPath, [join(root, 'bin', 'crema.js'), ...args], { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 70);
