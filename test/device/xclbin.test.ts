import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CremaError } from '../../orchestrator/core/index.ts';
import { summarizeXclbin } from '../../orchestrator/device/index.ts';
import { demoXclbin } from './demo.ts';

const bytes = demoXclbin({ computeUnits: 2, banks: [2 ** 20, 2 ** 24], wiring: [0, 1, 1, 0, 0] });

function refusal(input: Uint8Array): CremaError {
  try {
    summarizeXclbin('x.xclbin', input);
  } catch (error) {
    expect(error).toBeInstanceOf(CremaError);
    return error as CremaError;
  }
  throw new Error('nothing was refused');
}

describe('what an xclbin says before a runtime sees it', () => {
  test('banks, compute units, wiring, what our builder adds', () => {
    const summary = summarizeXclbin('x.xclbin', bytes);
    expect(summary.banks).toEqual([
      { tag: 'DDR[0]', bytes: 2 ** 20 },
      { tag: 'DDR[1]', bytes: 2 ** 24 },
    ]);
    expect(summary.computeUnits).toEqual(['crema_engine:crema_engine_1', 'crema_engine:crema_engine_2']);
    expect([0, 1, 2, 3, 4].map((argument) => summary.wiring.get(`1/${argument}`))).toEqual([0, 1, 1, 0, 0]);
    expect(summary.crema).toEqual({ abi: 1, config: 'demo' });
    expect(summary.platform).toBe('crema_demo');
    expect(summary.uuid).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([
    ['nothing', new Uint8Array(), /is no xclbin/],
    ['text', new TextEncoder().encode('layer { name: "conv1" }'), /is no xclbin/],
    ['an ELF file', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0), /is no xclbin/],
    ['a header only in part', bytes.subarray(0, 200), /ends after 200 bytes/],
    ['a cut file', bytes.subarray(0, bytes.length - 8), /truncated/],
    ['no MEM_TOPOLOGY', demoXclbin({ omit: [6] }), /no section MEM_TOPOLOGY/],
    ['no IP_LAYOUT', demoXclbin({ omit: [8] }), /no section IP_LAYOUT/],
    ['an argument wired to no bank', demoXclbin({ wiring: [3, 0, 0, 0, 0] }), /bank 3 of 1/],
  ])('refuses %s', (_, input, message) => {
    const error = refusal(input);
    expect([error.kind, error.exitCode]).toEqual(['input', 3]);
    expect(error.message).toMatch(message);
    expect(error.message).toContain('crema bitstream build');
  });

  test('any cut or flipped byte of the tables is read or refused, never a fault', () => {
    const tables = bytes.subarray(0, 456 + 40 * 6);
    fc.assert(
      fc.property(
        fc.nat(tables.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(bytes.length),
        (at, flip, cut) => {
          const broken = Uint8Array.from(bytes.subarray(0, Math.max(cut, at + 1)));
          broken[at]! ^= flip;
          try {
            summarizeXclbin('x', broken);
          } catch (error) {
            expect(error).toBeInstanceOf(CremaError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
