export * from './caffe-log.ts';
export * from './files.ts';
export * from './run-directory.ts';
