import { describe, expect, it } from 'vitest';
import {
  boardNames,
  brams,
  gemmWork,
  loadBoard,
  memoryRate,
  misfits,
  modelOp,
  modelResources,
  modelSeconds,
  modelWork,
  stepUtilisation,
  systolicCycles,
  tapPairs,
} from '../../orchestrator/cost/index.ts';
import {
  type ConvolutionGeometry,
  loadManifest,
  manifestBoards,
  manifestConfigs,
} from '../../orchestrator/kernels/index.ts';

const u250 = loadManifest('u250', 'f32');
const board = loadBoard('u250');

function convolution(
  batch: number,
  channels: number,
  size: number,
  outputs: number,
  kernel: number,
  stride = 1,
  pad = 0,
): ConvolutionGeometry {
  const out = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  return {
    kind: 'convolution',
    ...{
      batch,
      lanes: 16,
      channels,
      height: size,
      width: size,
      outputs,
      outHeight: out,
      outWidth: out,
      groups: 1,
      bias: true,
    },
    ...{ kernel: [kernel, kernel], stride: [stride, stride], pad: [pad, pad], dilation: [1, 1] },
  };
}

/** Barista's own workload (its released solver): AlexNet on 32 × 32 images, batch 128. */
const alexnet = [
  convolution(128, 3, 32, 64, 11, 4, 5),
  convolution(128, 64, 4, 192, 5, 1, 2),
  convolution(128, 192, 2, 384, 3, 1, 1),
  convolution(128, 384, 2, 256, 3, 1, 1),
  convolution(128, 256, 2, 256, 3, 1, 1),
];

describe('array utilisation', () => {
  it('is at least 95 % on AlexNet-CIFAR10 at batch 128, where one GEMM per image reaches 18.2 %', () => {
    const costs = alexnet.flatMap((g, i) => [
      modelOp(g, 'forward', u250),
      ...(i ? [modelOp(g, 'backwardData', u250)] : []),
      modelOp(g, 'backwardWeights', u250),
    ]);
    expect(stepUtilisation(costs)).toBeGreaterThan(0.95);
    for (const cost of costs) expect(cost.utilisation).toBeLessThanOrEqual(1);
  });

  it('charges idle rows and lanes', () => {
    expect(modelOp(convolution(16, 16, 8, 17, 1), 'forward', u250).utilisation).toBeCloseTo(17 / 32, 2);
    expect(modelOp(convolution(17, 16, 8, 16, 1), 'forward', u250).utilisation).toBeCloseTo(17 / 32, 2);
  });

  it('counts only taps inside the image', () => {
    expect(tapPairs(2, 3, 1, 1, 1, 2)).toBe(4);
    expect(tapPairs(8, 5, 1, 0, 1, 12)).toBe(40);
    const brute = (out: number, k: number, s: number, p: number, d: number, size: number) => {
      let n = 0;
      for (let o = 0; o < out; o++)
        for (let t = 0; t < k; t++) if (o * s + t * d - p >= 0 && o * s + t * d - p < size) n++;
      return n;
    };
    const cases: [number, number, number, number, number, number][] = [
      [7, 3, 2, 1, 1, 13],
      [4, 5, 3, 5, 2, 9],
      [1, 1, 9, 0, 1, 1],
      [6, 2, 4, 2, 3, 20],
    ];
    for (const a of cases) {
      expect(tapPairs(...a)).toBe(brute(...a));
    }
  });
});

describe('cycles', () => {
  it('never beats the array, and a bound by memory shows as one', () => {
    const fc6 = {
      kind: 'inner-product',
      batch: 16,
      lanes: 16,
      inputs: 9216,
      outputs: 4096,
      transposed: false,
      bias: true,
    } as const;
    const cost = modelOp(fc6, 'forward', u250);
    expect(cost.cycles).toBeGreaterThanOrEqual(cost.usefulMacs / 256);
    expect(cost.loadCycles).toBeGreaterThan(cost.computeCycles);
    expect(cost.bytes).toBeGreaterThan(151e6);
    expect(modelSeconds(cost, u250)).toBeCloseTo(cost.cycles / 300e6);
  });

  it('halves with a second compute unit where compute decides', () => {
    const two = loadManifest('u250', 'f32-x2');
    const [one, half] = [modelOp(alexnet[1]!, 'forward', u250), modelOp(alexnet[1]!, 'forward', two)];
    expect(half.computeCycles / one.computeCycles).toBeCloseTo(0.5, 2);
  });

  // Cycles counted by Verilator on the prototype core: the closed form is exact.
  it('gives the systolic prototype its two regimes', () => {
    expect(systolicCycles(1, 1024, 64, 0)).toBe(1100);
    expect(systolicCycles(64, 64, 64, 400)).toBe(64 * 419 + 121);
    expect(1024 / (systolicCycles(64, 1024, 64, 0) / 64)).toBeGreaterThan(0.99);
  });

  // Published kernel times of the vendor's fp32 GEMM on a U250: 16 × 16 MACs at 242 MHz (Vitis BLAS benchmark page).
  it.each([
    [256, 0.328],
    [512, 3.21],
    [1024, 24.1],
    [2048, 187],
  ])('gives 0.6 to 1.1 of the published %i³ time: no host, no tail', (n, milliseconds) => {
    const manifest = { ...u250, clockMHz: 242 };
    const cost = modelWork(gemmWork(n, n, n, manifest), manifest, board);
    const ratio = milliseconds / (modelSeconds(cost, manifest) * 1e3);
    expect(ratio).toBeGreaterThan(1 / 1.1);
    expect(ratio).toBeLessThan(1 / 0.6);
  });

  // gemm_hls (FPGA'20): one C tile on chip reaches 91-99 % of 2·PN·PM·f.
  it.each([
    [192, 8, 960, 1632, 146, 409, 32],
    [112, 16, 1904, 1920, 171, 606, 16],
    [210, 16, 1680, 2048, 190, 1217, 16],
  ] as const)(
    'puts a %i × %i chain to within 12 %% of its published rate',
    (rows, columns, tileRows, tileColumns, clockMHz, gops, elementBits) => {
      const manifest = {
        ...u250,
        array: { rows, columns },
        tiles: { rows: tileRows, columns: tileColumns, reduction: 256 },
        clockMHz,
        elementBits: [elementBits],
      };
      const [n, m, k] = [tileRows * 4, tileColumns * 4, 4096];
      const modelled =
        (2 * n * m * k) / modelSeconds(modelWork(gemmWork(n, m, k, manifest), manifest, board), manifest) / 1e9;
      expect(modelled / gops).toBeGreaterThan(0.95);
      expect(modelled / gops).toBeLessThan(1.12);
    },
  );
});

describe('memory and resources', () => {
  it('takes the least of bank, bursts in flight and port', () => {
    const banks = { a: 'DDR[0]', b: 'DDR[1]', c: 'DDR[2]', bias: 'DDR[2]', ops: 'DDR[3]' };
    const spread = { ...u250, computeUnits: [{ name: 'crema_engine_1', banks }] };
    expect(memoryRate(board, spread).read * 0.3).toBeCloseTo(16.9, 1); // GB/s; published 16.8
    expect(memoryRate(board, spread).write * 0.3).toBeCloseTo(15.2, 1);
    expect(memoryRate(board, u250).read).toBeCloseTo(memoryRate(board, spread).read / 3, 5);
    for (const name of boardNames()) {
      const b = loadBoard(name);
      expect(
        memoryRate(b, { ...u250, computeUnits: [{ name: 'x', banks: { ...banks, b: b.banks[0]!.tag } }] }).read,
      ).toBeGreaterThan(0);
    }
  });

  it('fits every committed config on its board and says what does not fit', () => {
    for (const name of manifestBoards()) {
      for (const config of manifestConfigs(name))
        expect(misfits(loadManifest(name, config), loadBoard(name)), `${name}/${config}`).toEqual([]);
    }
    const large = { ...loadManifest('pynq-z2', 'f32'), array: { rows: 16, columns: 16 } };
    expect(misfits(large, loadBoard('pynq-z2')).join()).toMatch(/dsp: 1292 of 220/);
    expect(modelResources({ ...u250, elementBits: [16] }, board).dsp).toBe(256 + 12);
    expect(brams(72, 512)).toBe(1);
    expect(brams(73, 513)).toBe(4);
  });
});
