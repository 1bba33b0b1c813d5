import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, type RandomStream } from '../../orchestrator/core/index.ts';
import { DatumTable } from '../../orchestrator/data/datum.ts';
import { parseIdx } from '../../orchestrator/data/idx.ts';
import { Hdf5, openSource, readMean } from '../../orchestrator/data/index.ts';
import { Session } from '../../orchestrator/executor/index.ts';
import { readXclbin, writeContainer } from '../../orchestrator/kernels/index.ts';
import { withAddresses } from '../../orchestrator/native/index.ts';
import { buildNet, closeNet } from '../../orchestrator/net/index.ts';
import {
  canonicalHash,
  decode,
  encode,
  hashText,
  parseNet,
  parseText,
  printText,
  readDatum,
  readSolverState,
  readWeights,
  upgradeNet,
  upgradeSolver,
  wireHash,
} from '../../orchestrator/proto/index.ts';
import { inspectText, netGraph, readExperiment, upgradeFile } from '../../orchestrator/recipes/index.ts';
import { netSvg } from '../../orchestrator/report/index.ts';
import { decodeState } from '../../orchestrator/snapshot/index.ts';
import { mutateBytes, mutateNumbers, mutateText } from './mutate.ts';
import * as seeds from './seeds.ts';

/** A reader under test: what it is fed, and how. It may throw CremaErrors only. */
export interface Target {
  readonly name: string;
  make(random: RandomStream): Uint8Array;
  run(input: Uint8Array): void | Promise<void>;
}

const pick = <T>(random: RandomStream, list: readonly T[]): T => list[random.integer(list.length)]!;
const RECORD = [3, 12, 12] as const;

/** All readers. `folder` takes the inputs of those that read files. */
export function makeTargets(folder: string): { targets: readonly Target[]; close(): void } {
  const words = seeds.dictionary();
  const hdf5 = new Hdf5();
  const session = new Session({ device: 'sim', board: 'u250', config: 'f32' });
  const text = (name: string, list: readonly string[], run: Target['run']): Target => ({
    name,
    make: (random) => mutateText(random, pick(random, list), pick(random, list), words),
    run,
  });
  const binary = (name: string, list: readonly Uint8Array[], run: Target['run']): Target => ({
    name,
    make: (random) => mutateBytes(random, pick(random, list), pick(random, list)),
    run,
  });
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  let serial = 0;
  const nets = seeds.netTexts();
  const planned = (input: Uint8Array): void => {
    const net = buildNet(upgradeNet(parseNet(input, 'fuzz')), { phase: 'TEST', record: RECORD, file: 'fuzz' });
    closeNet(net);
    netSvg(netGraph(net, session.plan(net, { training: true })));
  };
  const targets: Target[] = [
    text('net-text', nets, (input) => {
      const { parse } = inspectText(input, 'fuzz', { kind: 'net', phase: 'TRAIN', record: RECORD });
      if (parse.verdict === 'accept') roundTrip(input);
    }),
    {
      name: 'net-numbers',
      make: (random) => mutateNumbers(random, pick(random, nets)),
      run: planned,
    },
    text('net-plan', nets, planned),
    text('solver-text', seeds.solverTexts(), (input) => {
      inspectText(input, 'fuzz', { kind: 'solver', phase: 'TRAIN', record: RECORD });
    }),
    binary('net-binary', seeds.netBinaries(), (input) => {
      const net = decode('NetParameter', input, 'fuzz');
      canonicalHash(net);
      encode('NetParameter', upgradeNet(net));
      closeNet(buildNet(net, { phase: 'TRAIN', record: RECORD, file: 'fuzz' }));
    }),
    binary('solver-binary', seeds.solverBinaries(), (input) => {
      printText(upgradeSolver(decode('SolverParameter', input, 'fuzz')));
    }),
    binary('caffemodel', seeds.weightFiles(), (input) => {
      readWeights(input, 'fuzz');
      upgradeFile(file('fuzz.caffemodel', input));
    }),
    binary('solverstate', seeds.stateFiles(), (input) => void readSolverState(input, 'fuzz')),
    binary('mean', seeds.blobFiles(), (input) => void readMean(file('mean.binaryproto', input))),
    binary('datum', seeds.datums(), (input) => void readDatum(input, 'fuzz')),
    binary('records', seeds.datums(), (input) => {
      // The reader of data layers: native code, on memory that ends where the record ends.
      const memory = Buffer.from(input);
      const sizes = BigInt64Array.of(BigInt(memory.length));
      withAddresses([memory], ([at]) => new DatumTable().read('fuzz', 0, BigInt64Array.of(at!), sizes, 1));
    }),
    binary('idx', seeds.idxFiles(), (input) => void parseIdx(input, 'fuzz')),
    binary('xclbin', [xclbinSeed()], (input) => void readXclbin(input, 'fuzz')),
    text('yaml', seeds.yamlTexts(), (input) => void readExperiment(file('experiment.yaml', input))),
    text('set', seeds.settings(), (input) => void readExperiment(undefined, [Buffer.from(input).toString('utf8')])),
    binary('hdf5', hdf5Seeds(hdf5, folder), (input) => {
      // A name of its own each time: the library takes a file it has open for the new one of that name.
      const path = file(`fuzz-${serial++}.h5`, input);
      try {
        hdf5.readRaw(path);
      } finally {
        rmSync(path);
      }
    }),
    binary('hdf5-state', hdf5Seeds(hdf5, folder), async (input) => {
      await decodeState(input, 'fuzz.h5');
    }),
  ];
  targets.push(...leveldbTargets(folder));
  return { targets, close: () => hdf5.close() };
}

/** Each file of a LevelDB in turn, the others whole; only where the reference files are. */
function leveldbTargets(folder: string): Target[] {
  const from = join(packageRoot(), '..', 'shared', 'golden', 'interop', 'uint8_leveldb');
  if (!existsSync(from)) return [];
  const path = join(folder, 'leveldb');
  const names = readdirSync(from).filter((name) => /^(CURRENT|MANIFEST-.*|.*\.(ldb|sst|log))$/.test(name));
  mkdirSync(path, { recursive: true });
  for (const name of names) writeFileSync(join(path, name), readFileSync(join(from, name)));
  return names.map((name): Target => {
    const seed = readFileSync(join(from, name));
    return {
      name: `leveldb-${name}`,
      make: (random) => mutateBytes(random, seed, seed),
      run: (input) => {
        writeFileSync(join(path, name), input);
        try {
          const source = openSource(path, 'LEVELDB');
          source.read(0, Math.min(source.count, 8));
          source.close();
        } finally {
          writeFileSync(join(path, name), seed);
        }
      },
    };
  });
}

/** A text hashes as its message does; printed and read again it means the same. */
function roundTrip(input: Uint8Array): void {
  const { wire, canonical } = hashText('NetParameter', input, 'fuzz');
  const message = parseText('NetParameter', input, 'fuzz');
  if (wireHash(message) !== wire) throw new Error('a text and its message have different hashes');
  const again = parseText('NetParameter', printText(message), 'printed');
  if (canonicalHash(again) !== canonical) throw new Error('print and parse change the message');
}

function xclbinSeed(): Uint8Array {
  const names = [
    [0, 'bitstream', 'engine'],
    [2, 'embedded_metadata', '<project/>'],
    [7, 'connectivity', '\0\0\0\0'],
    [8, 'ip_layout', '\x01\0\0\0\0\0\0\0'.padEnd(88, '\0')],
    [6, 'mem_topology', '\x01\0\0\0\0\0\0\0'.padEnd(48, '\0')],
    [14, 'build_metadata', '{"build_metadata":{"crema":{"abi":1}}}'],
  ] as const;
  const sections = names.map(([kind, name, data]) => ({ kind, name, data: Buffer.from(data, 'latin1') }));
  return writeContainer({ mode: 5, platform: 'p', sections });
}

function hdf5Seeds(hdf5: Hdf5, folder: string): Uint8Array[] {
  const values = Float32Array.from({ length: 24 }, (_, i) => i);
  const flat = join(folder, 'seed.h5');
  hdf5.write(flat, [
    { name: 'data', shape: [2, 3, 4], data: values },
    { name: 'group/label', shape: [2], data: Int32Array.of(1, 2) },
  ]);
  const grown = join(folder, 'grown.h5');
  hdf5.write(grown, [{ name: 'iter', shape: [1], data: Int32Array.of(6) }], true);
  hdf5.append(grown, [{ name: 'iter', shape: [1], data: Int32Array.of(7) }]);
  return [readFileSync(flat), readFileSync(grown)];
}
