import { expect, test } from 'vitest';
import { openSource } from '../../orchestrator/data/index.ts';

function pixels(uri: string, count: number): { data: Float32Array; labels: Float32Array } {
  const source = openSource(uri, 'LMDB');
  const batch = source.read(0, count);
  const size = source.shape.reduce((a, b) => a * b, 1);
  const base = batch.base as Uint8Array;
  return { data: new Float32Array(base.subarray(0, count * size)).map((v) => v / 256), labels: batch.labels.slice() };
}

/** Test accuracy of a softmax regression trained by plain SGD. */
function linearAccuracy(
  train: ReturnType<typeof pixels>,
  test: ReturnType<typeof pixels>,
  rate: number,
  epochs: number,
): number {
  const n = train.labels.length;
  const size = train.data.length / n;
  // [pixel][class], the bias last; pixels that are zero, most of a digit, cost nothing.
  const weights = new Float32Array((size + 1) * 10);
  const z = new Float64Array(10);
  const score = (data: Float32Array, first: number) => {
    for (let c = 0; c < 10; c++) z[c] = weights[size * 10 + c]!;
    for (let j = 0; j < size; j++) {
      const x = data[first + j]!;
      if (x !== 0) for (let c = 0; c < 10; c++) z[c]! += weights[j * 10 + c]! * x;
    }
  };
  const step = new Float64Array(10);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = 0; i < n; i++) {
      score(train.data, i * size);
      const most = Math.max(...z);
      const e = z.map((v) => Math.exp(v - most));
      const total = e.reduce((a, b) => a + b);
      for (let c = 0; c < 10; c++) {
        step[c] = (rate / (1 + epoch)) * (e[c]! / total - (train.labels[i] === c ? 1 : 0));
        weights[size * 10 + c]! -= step[c]!;
      }
      for (let j = 0; j < size; j++) {
        const x = train.data[i * size + j]!;
        if (x !== 0) for (let c = 0; c < 10; c++) weights[j * 10 + c]! -= step[c]! * x;
      }
    }
  }
  let right = 0;
  test.labels.forEach((label, i) => {
    score(test.data, i * size);
    if (z.indexOf(Math.max(...z)) === label) right++;
  });
  return right / test.labels.length;
}

/** Equal to the bit; comparing large arrays element by element is slow. */
const same = (a: Float32Array, b: Float32Array) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;

test('digits: equal for a seed however they are asked for, other for another seed or part', () => {
  const source = openSource('synthetic-digits:train?count=600&seed=3', 'LMDB');
  const again = openSource('synthetic-digits:train?count=900&seed=3', 'LMDB');
  const one = source.read(300, 20);
  const two = again.read(300, 20);
  const bytes = (batch: typeof one, i: number) =>
    Buffer.from((batch.base as Uint8Array).subarray(Number(batch.offsets[i]), Number(batch.offsets[i]) + 784));
  for (let i = 0; i < 20; i++) expect(bytes(one, i).equals(bytes(two, i)), `record ${i}`).toBe(true);
  const three = pixels('synthetic-digits:train?seed=3', 20).data;
  expect(same(three, pixels('synthetic-digits:train?seed=3', 20).data)).toBe(true);
  expect(same(three, pixels('synthetic-digits:train?seed=4', 20).data)).toBe(false);
  expect(same(three, pixels('synthetic-digits:test?seed=3', 20).data)).toBe(false);
  const labels = pixels('synthetic-digits:train', 5000).labels;
  const counts = Array.from({ length: 10 }, (_, k) => labels.filter((v) => v === k).length);
  expect(Math.min(...counts)).toBeGreaterThan(400);
});

test('digits: these bytes on every machine', () => {
  const { data, labels } = pixels('synthetic-digits:train?seed=1', 64);
  expect([...labels.subarray(0, 10)]).toEqual([6, 6, 9, 0, 6, 1, 2, 3, 8, 4]);
  let hash = 0;
  for (const v of data) hash = (Math.imul(hash, 31) + v * 256) | 0;
  expect(hash).toMatchInlineSnapshot(`-255772024`);
});

test('digits: a linear classifier stays below 93 %, yet well above chance', () => {
  const accuracy = linearAccuracy(
    pixels('synthetic-digits:train', 5000),
    pixels('synthetic-digits:test', 1000),
    0.03,
    6,
  );
  console.log(`linear classifier on synthetic digits: ${(accuracy * 100).toFixed(1)} %`);
  expect(accuracy).toBeLessThan(0.93);
  expect(accuracy).toBeGreaterThan(0.7);
});

test('images: a linear classifier gets nowhere', () => {
  const accuracy = linearAccuracy(pixels('synthetic-cifar:train', 2000), pixels('synthetic-cifar:test', 500), 0.002, 4);
  console.log(`linear classifier on synthetic images: ${(accuracy * 100).toFixed(1)} %`);
  expect(accuracy).toBeLessThan(0.4);
});
