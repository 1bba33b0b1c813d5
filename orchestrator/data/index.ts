export { formatClassList, parseClassList } from './class-list.ts';
export {
  type Converted,
  convertToLmdb,
  inspectSource,
  meanOf,
  type SourceSummary,
  writeMean,
} from './convert.ts';
export * from './convert-pictures.ts';
export { encodeDatum } from './datum.ts';
export * from './decode.ts';
export * from './files.ts';
export * from './hdf5.ts';
export * from './hdf5-rows.ts';
export * from './images.ts';
export { LmdbWriter } from './lmdb-writer.ts';
export * from './mean.ts';
export * from './open.ts';
export * from './open-stream.ts';
export * from './source.ts';
export * from './stream.ts';
export { syntheticKinds } from './synthetic.ts';
export * from './transform.ts';
export { cutWindow, readWindowFile, windowShape } from './windows.ts';
