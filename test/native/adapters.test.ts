import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tensor } from '../../orchestrator/blob/index.ts';
import { openFfiNapi } from '../../orchestrator/native/ffi-napi.ts';
import type { CType, CValue } from '../../orchestrator/native/index.ts';
import { native } from '../../orchestrator/native/index.ts';
import { openKoffi } from '../../orchestrator/native/koffi.ts';
import { caught } from '../caught.ts';
import { program } from '../programs.ts';
import { probeLibrary } from './probe.ts';

const path = probeLibrary();

describe.each([openKoffi(), openFfiNapi()])('$name', (adapter) => {
  const library = adapter.load(path);
  const echo = (type: CType) => library.declare(`probe_${type}`, type, [type]);

  test('32-bit integers and floats come back as numbers', () => {
    fc.assert(fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (x) => echo('i32')(x) === x));
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (x) => echo('u32')(x) === x));
    fc.assert(fc.property(fc.float(), (x) => Object.is(echo('f32')(x), x)));
    fc.assert(fc.property(fc.double(), (x) => Object.is(echo('f64')(x), x)));
    expect(library.declare('probe_void', 'void', [])()).toBeUndefined();
  });

  test('64-bit integers take numbers and bigints and come back as bigints', () => {
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (x) => echo('i64')(x) === x));
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (x) => echo('u64')(x) === x));
    fc.assert(fc.property(fc.maxSafeInteger(), (x) => echo('i64')(x) === BigInt(x)));
    fc.assert(fc.property(fc.maxSafeNat(), (x) => echo('size')(x) === BigInt(x)));
  });

  test('pointers: null, addresses, views and their offsets', () => {
    const first = library.declare('probe_first', 'f32', ['pointer']);
    const values = Float32Array.from({ length: 1000 }, (_, i) => i);
    expect(first(values)).toBe(0);
    expect(first(values.subarray(321))).toBe(321);
    expect(first(new DataView(values.buffer, 40))).toBe(10);
    expect(first(Buffer.from(values.buffer, 80))).toBe(20);
    expect(first(adapter.address(values) + 16n)).toBe(4);
    expect(echo('pointer')(null)).toBe(0n);
    expect(echo('pointer')(2n ** 64n - 1n)).toBe(2n ** 64n - 1n);
    expect(echo('pointer')(values.subarray(3))).toBe(adapter.address(values) + 12n);
    expect(first(Float32Array.of(7))).toBe(7); // small arrays live on V8's heap until their address is taken
  });

  test('C writes into the memory of a view', () => {
    const fill = library.declare('probe_fill', 'void', ['pointer', 'i64', 'f32']);
    const values = new Float32Array(64);
    fill(values.subarray(8), 16, 2.5);
    expect([...values].filter((v) => v === 2.5).length).toBe(16);
    expect(values[7]).toBe(0);
    expect(values[8]).toBe(2.5);
  });

  test('out-parameters carry handles above 2^53', () => {
    const handle = new BigUint64Array(1);
    const code = new Int32Array(1);
    library.declare('probe_out', 'void', ['pointer', 'pointer'])(handle, code);
    expect(handle[0]).toBe(0xfedcba9876543210n);
    expect(code[0]).toBe(-5);
  });

  test('foreign memory is seen without a copy, text is decoded', () => {
    const held = library.declare('probe_held', 'pointer', [])() as bigint;
    const bytes = adapter.view(held + 4n, 8);
    const floats = new Float32Array(bytes.buffer, bytes.byteOffset, 2);
    expect([...floats]).toEqual([2, 3]);
    floats[0] = 20;
    expect(library.declare('probe_first', 'f32', ['pointer'])(held + 4n)).toBe(20);
    floats[0] = 2;
    expect(adapter.text(library.declare('probe_text', 'pointer', [])() as bigint)).toBe('crème');
  });

  test('eleven arguments of three kinds arrive in order', () => {
    const layer = library.declare('probe_layer', 'f64', [
      ...(['pointer', 'pointer', 'pointer'] as const),
      ...(['i64', 'i64', 'i64', 'i64', 'i64', 'i64'] as const),
      ...(['f32', 'f32'] as const),
    ]);
    const [a, b, c] = [Float32Array.of(1), Float32Array.of(2), new Float32Array(1)];
    expect(layer(a, b, c, 1, 10, 100, 1000n, 10000, 100000, 0.5, 0.25)).toBe(1 + 20 + 300 + 4000 + 50000 + 600000.75);
    expect(c[0]).toBe(3);
  });

  test('one library calls a function of another by address', () => {
    const call = library.declare('probe_call', 'i64', ['u64', 'i64']);
    expect(call(library.address('probe_i64'), -7)).toBe(-7n);
  });

  test('C has 6 MiB of stack', () => {
    expect(library.declare('probe_stack', 'i32', ['i32'])(6 * 1024 - 8)).toBe(1);
  });

  test.each<[string, CType, readonly unknown[]]>([
    ['too few', 'i32', []],
    ['too many', 'i32', [1, 2]],
    ['a string for a pointer', 'pointer', ['text']],
    ['a number for a pointer', 'pointer', [0]],
    ['an object for a pointer', 'pointer', [{}]],
    ['an array for a pointer', 'pointer', [[1, 2]]],
    ['an ArrayBuffer for a pointer', 'pointer', [new ArrayBuffer(8)]],
    ['undefined for a pointer', 'pointer', [undefined]],
    ['an address below zero', 'pointer', [-1n]],
    ['a fraction for an integer', 'i32', [1.5]],
    ['NaN for an integer', 'i64', [Number.NaN]],
    ['2^31 for i32', 'i32', [2 ** 31]],
    ['a bigint for i32', 'i32', [1n]],
    ['-1 for u32', 'u32', [-1]],
    ['-1 for u64', 'u64', [-1]],
    ['2^64 for u64', 'u64', [2n ** 64n]],
    ['an unsafe integer for i64', 'i64', [2 ** 53]],
    ['2^63 for i64', 'i64', [2n ** 63n]],
    ['a string for a number', 'i32', ['zz']],
    ['a bigint for a float', 'f32', [1n]],
  ])('refuses %s', (_, type, values) => {
    const error = caught(() => echo(type)(...(values as CValue[])));
    expect(error.kind).toBe('internal');
    expect(error.message).toContain(`probe_${type}`);
  });

  test('a missing symbol and a missing library say what to do', () => {
    expect(library.has('probe_i32')).toBe(true);
    expect(library.has('absent')).toBe(false);
    for (const use of [() => library.address('absent'), () => library.declare('absent', 'void', [])]) {
      const error = caught(use);
      expect([error.kind, error.problems[0]?.code]).toEqual(['device', 'symbol-missing']);
    }
    const cases = [
      ['/nowhere/libcrema_host.so', /npm run build:native/],
      ['libOpenCL.so.77', /ocl-icd/],
      ['libxilinxopencl.so.77', /libxrt1/],
      ['libnot-there.so', /cannot load the native library libnot-there/],
    ] as const;
    for (const [file, hint] of cases) {
      const error = caught(() => adapter.load(file));
      expect([error.kind, error.exitCode, error.problems[0]?.code]).toEqual(['device', 5, 'library-missing']);
      expect(error.message).toMatch(hint);
    }
    expect(caught(() => adapter.load(fileURLToPath(import.meta.url))).message).toMatch(
      /invalid ELF header|file too short/,
    );
  });

  test('a million calls leave nothing behind', () => {
    const first = library.declare('probe_first', 'f32', ['pointer']);
    const handle = echo('u64');
    const values = new Float32Array(4);
    const run = (n: number) => {
      for (let i = 0; i < n; i++) {
        first(values);
        handle(0x7f00_0000_1000n);
      }
    };
    run(100_000);
    const before = process.memoryUsage().rss;
    run(500_000);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(40);
  });
});

test('importing native/ puts tensors on page boundaries', () => {
  for (const length of [1, 3, 1024, 100_000]) {
    expect(native().address(new Tensor('t', length).host) % 4096n).toBe(0n);
  }
});

const run = (mode: string, ffi: string) =>
  execa(process.execPath, [...program('test/native/child.ts'), mode], {
    env: { CREMA_FFI: ffi },
    reject: false,
    timeout: 60_000,
  });

test.each(['koffi', 'ffi-napi'])('%s: workers that call C end cleanly', async (ffi) => {
  const { stdout, exitCode, stderr } = await run('main-first', ffi);
  expect([stdout.trim(), exitCode, stderr]).toEqual(['3 workers, mapped', 0, '']);
});

test('ffi-napi refuses to be opened by a worker first; koffi allows it', async () => {
  expect((await run('worker-first', 'ffi-napi')).stdout).toContain('before the main thread');
  expect((await run('worker-first', 'koffi')).stdout.trim()).toMatch(/^3 workers/);
});

test('a library stays mapped when the thread that opened it ends: its own threads may still run', async () => {
  expect((await run('worker-first', 'koffi')).stdout.trim()).toBe('3 workers, mapped');
});

test('an unknown CREMA_FFI is a usage error', async () => {
  expect((await run('main-first', 'node-ffi')).stdout).toContain('expected koffi or ffi-napi');
});
