export * from './device.ts';
export * from './opencl/index.ts';
export { type Bank, summarizeXclbin, type XclbinSummary } from './xclbin.ts';
