import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../orchestrator/core/index.ts';
import { ARGUMENTS } from '../../orchestrator/kernels/index.ts';

const folder = join(packageRoot(), 'hls/engine');
const files = readdirSync(folder).filter((name) => /\.(cpp|hpp)$/.test(name));
const source = (name: string) => readFileSync(join(folder, name), 'utf8');
const all = files.map(source).join('\n');
/** Code without comments and pragmas, where a word is a use. */
const code = all.replace(/\/\/.*$/gm, '').replace(/^\s*#.*$/gm, '');
const top = source('engine.cpp');

describe('Vitis rules of the synthesised source', () => {
  it('has one extern "C" top with the ABI arguments', () => {
    expect(top.match(/extern "C" void (\w+)/g)).toEqual(['extern "C" void crema_engine']);
    const names = /crema_engine\(([^)]*)\)/
      .exec(top)![1]!
      .split(',')
      .map((a) => /(\w+)\s*$/.exec(a)![1]);
    expect(names).toEqual([...ARGUMENTS, 'n_ops']);
  });

  it('wires every pointer to its own m_axi bundle of equal width', () => {
    const ports = [...top.matchAll(/INTERFACE m_axi port=(\w+) .*?bundle=(\w+) .*?max_widen_bitwidth=(\d+)/g)];
    expect(ports.map((p) => p[1])).toEqual(ARGUMENTS);
    expect(new Set(ports.map((p) => p[2])).size).toBe(ARGUMENTS.length);
    expect(new Set(ports.map((p) => p[3]))).toEqual(new Set(['512']));
    for (const line of top.split('\n').filter((l) => l.includes('m_axi'))) expect(line).toContain('offset=slave');
  });

  it('puts all scalars and the return on one unnamed s_axilite bundle', () => {
    const lines = top.split('\n').filter((line) => line.includes('s_axilite'));
    expect(lines.map((line) => /port=(\w+)/.exec(line)![1])).toEqual([...ARGUMENTS, 'n_ops', 'return']);
    expect(lines.join()).not.toContain('bundle=');
  });

  it.each([
    ['multiply.hpp', 'multiplyGathered'],
    ['multiply.hpp', 'multiplyRows'],
    ['multiply.hpp', 'multiplyColumns'],
    ['correlate.hpp', 'correlate'],
    ['sums.cpp', 'dotGathered'],
    ['sums.cpp', 'dotRows'],
    ['sums.cpp', 'dotPixels'],
  ])('%s: the multiply-accumulate loop of %s starts a step every cycle', (file, name) => {
    const text = source(file);
    const body = text.slice(text.indexOf(` ${name}(`));
    const loop = body.slice(body.search(/for \(uint32_t [ki] = 0; [ki] < count/));
    expect(loop.split('\n')[1]!.trim()).toBe('#pragma HLS PIPELINE II=1');
  });

  it('keeps accumulators in registers', () => {
    expect(source('multiply.hpp')).toContain('HLS ARRAY_PARTITION variable=acc complete dim=0');
    expect(source('correlate.hpp')).toContain('HLS ARRAY_PARTITION variable=sum complete dim=0');
    expect(source('sums.cpp').match(/HLS ARRAY_PARTITION variable=acc complete dim=0/g)).toHaveLength(3);
  });

  it('names a variable of the scope in every ARRAY_PARTITION', () => {
    for (const name of files) {
      for (const match of source(name).matchAll(/ARRAY_PARTITION variable=(\w+)/g)) {
        expect(source(name), name).toMatch(new RegExp(`\\b${match[1]}\\[`));
      }
    }
  });

  it('runs load and compute of a tile as overlapping stages', () => {
    expect(source('image.hpp')).toContain('#pragma HLS DATAFLOW');
    expect(source('fixed-image.hpp')).toContain('#pragma HLS DATAFLOW');
    expect(source('weights.hpp')).toContain('#pragma HLS DATAFLOW');
  });

  it('keeps machine instructions of fixed point in one file', () => {
    const fixed = files.filter((name) => /^(fixed|output|sums|int\d)/.test(name));
    expect(fixed.length).toBeGreaterThan(6);
    for (const name of fixed) expect(source(name), name).not.toContain('__builtin_ia32');
    expect(source('dot.hpp')).toContain('__builtin_ia32_pmaddwd256');
  });

  it('uses no heap, no containers, no exceptions, no virtual calls, no I/O', () => {
    for (const word of ['new', 'delete', 'malloc', 'throw', 'try', 'virtual', 'printf', 'goto', 'dynamic_cast']) {
      expect(code, word).not.toMatch(new RegExp(`\\b${word}\\b`));
    }
    expect(code).not.toMatch(/\bstd::/);
    const headers = [...all.matchAll(/#include <(\w+(?:\.h)?)>/g)].map((m) => m[1]);
    expect(new Set(headers)).toEqual(new Set(['cstddef', 'cstdint', 'hls_vector.h']));
  });

  it('calls no function from itself at run time', () => {
    for (const match of code.matchAll(
      /(?:inline|CREMA_NOINLINE|extern "C") [\w:<>*& ]*?(\w+)\([^;{]*\)\s*(?:const )?\{/g,
    )) {
      const name = match[1]!;
      let depth = 0;
      let end = match.index + match[0].length - 1;
      do {
        if (code[end] === '{') depth++;
        if (code[end] === '}') depth--;
        end++;
      } while (depth > 0);
      // A template that picks its own smaller instance ends at compile time.
      const body = code.slice(match.index + match[0].length, end).replaceAll(/return \w+<[^;]*;/g, '');
      expect(body, name).not.toMatch(new RegExp(`\\b${name}\\(`));
    }
  });

  it('stays below the file ceiling', () => {
    for (const name of files) expect(source(name).split('\n').length, name).toBeLessThan(400);
  });
});
