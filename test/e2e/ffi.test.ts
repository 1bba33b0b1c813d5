import { describe, expect, it } from 'vitest';
import { SIM, simBuilt, trainChild } from './children.ts';

describe.skipIf(!simBuilt)('a short LeNet training', () => {
  it('has the same loss digits through koffi and through ffi-napi', async () => {
    const [koffi, napi] = await Promise.all(
      ['koffi', 'ffi-napi'].map((CREMA_FFI) => trainChild(SIM, 12, { CREMA_FFI })),
    );
    expect([koffi!.ffi, napi!.ffi]).toEqual(['koffi', 'ffi-napi']);
    expect(koffi!.launches).toBe(12 * 11);
    expect(koffi!.losses).toHaveLength(12);
    expect(koffi!.losses.at(-1)).toBeLessThan(koffi!.losses[0]!);
    expect(napi).toEqual({ ...koffi, ffi: 'ffi-napi' });
  }, 240_000);
});
