import { native } from './open.ts';

/** What calls under way point to. Reachable from here, so that nothing of it is collected before they return. */
const held: (readonly ArrayBufferView[])[] = [];

/**
 * Calls `use` with the addresses of `views`, for C that is handed pointers inside memory. An address alone keeps no memory alive: without
 * this, views that nobody names after their address was taken may be collected before C reads them.
 */
export function withAddresses<T>(views: readonly ArrayBufferView[], use: (addresses: BigUint64Array) => T): T {
  held.push(views);
  try {
    return use(BigUint64Array.from(views, (view) => native().address(view)));
  } finally {
    held.pop();
  }
}
