export { checkWritable, type FileCalls, fileCalls, writeAtomically } from './atomic.ts';
export * from './files.ts';
export { removeOlderSnapshots } from './keep.ts';
export * from './restore.ts';
export { type LayerState, loadLayers, type Sidecar, saveLayers } from './sidecar.ts';
export { applyWeights, decodeWeights, loadWeights } from './weights.ts';
export * from './write.ts';
