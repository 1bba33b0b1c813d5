// `npm run build`: modules, native libraries, dist/ and the emulated card's bitstreams, each only where out of date.
import { allEngines, buildPackages, ensureAll, ensureNative, ensureNode, ensureSystem } from './setup.mjs';

if (process.argv.includes('--native')) {
  ensureNode();
  ensureSystem(buildPackages);
  await ensureNative(allEngines);
} else await ensureAll(buildPackages, allEngines);
