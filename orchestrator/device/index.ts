export * from './device.ts';
export * from './opencl/index.ts';
export * from './probe.ts';
export { type Bank, summarizeXclbin, type XclbinSummary } from './xclbin.ts';
