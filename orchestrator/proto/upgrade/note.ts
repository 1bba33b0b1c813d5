import type { Span } from '../../core/index.ts';

/** The upgrades of a net, in the order in which they are made. */
export type Upgrade = 'V0' | 'transform' | 'V1' | 'input' | 'batchnorm' | 'solver_type';

/** Told of what an upgrade could not carry over. */
export type Note = (upgrade: Upgrade, message: string, span: Span | undefined, path: string) => void;
