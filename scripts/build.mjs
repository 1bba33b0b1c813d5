// `npm run build`: modules, native libraries, dist/ and the emulated card's bitstreams, each only where out of date.
import { buildPackages, ensureBitstreams, ensureBuild, ensureModules, ensureNative, ensureNode, ensureSystem } from './setup.mjs';

const native = process.argv.includes('--native');
ensureNode();
ensureSystem(buildPackages);
if (native) ensureNative();
else {
  ensureModules();
  ensureNative();
  ensureBuild();
  ensureBitstreams();
}
