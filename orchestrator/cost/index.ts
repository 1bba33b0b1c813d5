export { type Board, boardNames, loadBoard } from '../kernels/index.ts';
export * from './memory.ts';
export * from './model.ts';
export * from './resources.ts';
export * from './work.ts';
