export { type DeviceOptions, openDevice } from './open.ts';
export type { Image } from './session.ts';
