// `npm run build`: modules, native libraries, dist/ and the emulated card's bitstreams, each only where out of date.
import { buildPackages, ensureAll, ensureNative, ensureNode, ensureSystem } from './setup.mjs';

if (process.argv.includes('--native')) {
  ensureNode();
  ensureSystem(buildPackages);
  await ensureNative();
} else await ensureAll(buildPackages);
