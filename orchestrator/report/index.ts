export * from './caffe-log.ts';
export * from './chart.ts';
export * from './collect.ts';
export * from './files.ts';
export * from './html.ts';
export * from './net-graph-text.ts';
export { netSvg } from './net-svg.ts';
export * from './run-directory.ts';
export * from './trace.ts';
