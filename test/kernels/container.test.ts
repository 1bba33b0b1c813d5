import { describe, expect, it } from 'vitest';
import { CremaError } from '../../orchestrator/core/index.ts';
import {
  boardNames,
  checkXclbin,
  loadBoard,
  loadManifest,
  manifestBoards,
  manifestConfigs,
  packXclbin,
  parseManifest,
  readContainer,
  readXclbin,
  SECTION,
  writeContainer,
} from '../../orchestrator/kernels/index.ts';

const engine = Buffer.from('not really an engine');
const manifest = loadManifest('u250', 'f32-x2');
const board = loadBoard('u250');
const file = packXclbin(board, manifest, engine);

describe('xclbin container', () => {
  it('reads back what it wrote', () => {
    const container = readContainer(file);
    expect(container.mode).toBe(5);
    expect(container.platform).toBe(board.platform);
    const bitstream = container.sections.find((s) => s.kind === SECTION.BITSTREAM)!;
    expect(Buffer.from(bitstream.data)).toEqual(engine);
    const found = readXclbin(file);
    expect(found.units).toEqual(['crema_engine:crema_engine_1', 'crema_engine:crema_engine_2']);
    expect(found.banks.filter((b) => b.used).map((b) => b.tag)).toEqual(['DDR[0]']);
    expect(found.banks[0]!.bytes).toBe(16 * 2 ** 30);
    expect(found.crema).toMatchObject({ abi: 1, board: 'u250', config: 'f32-x2', arithmetic: 'fused' });
  });

  it('writes the same bytes for the same input and another uuid for another engine', () => {
    expect(packXclbin(board, manifest, engine)).toEqual(file);
    expect(readXclbin(packXclbin(board, manifest, Buffer.from('other'))).uuid).not.toBe(readXclbin(file).uuid);
  });

  it('places sections on multiples of eight and says its own length', () => {
    const bytes = Buffer.from(file);
    expect(Number(bytes.readBigUInt64LE(304))).toBe(file.length);
    for (let i = 0; i < bytes.readUInt32LE(448); i++)
      expect(Number(bytes.readBigUInt64LE(456 + 40 * i + 24)) % 8).toBe(0);
  });

  it.each([0, 7, 300, 455, 600, file.length - 1])('refuses a file cut at %i bytes', (length) => {
    expect(() => readXclbin(file.subarray(0, length))).toThrow(CremaError);
  });

  it('refuses foreign files, missing sections and sections outside the file', () => {
    expect(() => readXclbin(Buffer.from('\x7fELF'.padEnd(1000)))).toThrow(/not an xclbin/);
    const empty = writeContainer({ mode: 5, platform: 'x', sections: [{ kind: 0, name: 'b', data: engine }] });
    expect(() => readXclbin(empty)).toThrow(/no EMBEDDED_METADATA/);
    const wild = Buffer.from(file);
    wild.writeBigUInt64LE(1n << 40n, 456 + 32);
    expect(() => readContainer(wild)).toThrow(/section 0/);
  });

  it('checks ABI and config', () => {
    expect(checkXclbin(file, manifest).uuid).toHaveLength(32);
    expect(() => checkXclbin(file, loadManifest('u250', 'f32'))).toThrow(/expected u250\/f32/);
    const foreign = readContainer(file).sections.filter((s) => s.kind !== SECTION.BUILD_METADATA);
    expect(() => checkXclbin(writeContainer({ mode: 5, platform: 'x', sections: foreign }), manifest)).toThrow(
      /ABI unknown/,
    );
  });
});

describe('manifests and boards', () => {
  it('all committed files are valid and wired to banks that exist', () => {
    for (const name of boardNames()) expect(loadBoard(name).name).toBe(name);
    for (const name of manifestBoards()) {
      for (const config of manifestConfigs(name)) {
        const found = loadManifest(name, config);
        expect([found.board, found.config]).toEqual([name, config]);
        expect(packXclbin(loadBoard(name), found, engine).length).toBeGreaterThan(1000);
      }
    }
  });

  it('names the nearest board and config', () => {
    expect(() => loadManifest('u520', 'f32')).toThrow(/did you mean u250/);
    expect(() => loadManifest('u250', 'f23')).toThrow(/expected .*f32/);
    expect(() => loadBoard('../u250')).toThrow(/no board named/);
  });

  it('reports every problem of a manifest at once and refuses another ABI', () => {
    const bad = { ...manifest, lanes: [3], clockMHz: 0 };
    expect(() => parseManifest(JSON.stringify(bad), 'm.json')).toThrow(/lanes[\s\S]*clockMHz|clockMHz[\s\S]*lanes/);
    expect(() => parseManifest(JSON.stringify({ ...manifest, abi: 2 }), 'm.json')).toThrow(/kernel ABI 2/);
    expect(() => parseManifest('{', 'm.json')).toThrow(/expected JSON/);
  });
});
