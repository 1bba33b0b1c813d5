import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../orchestrator/core/index.ts';
import { denseNet121 } from './densenet.ts';

/** A published net, known by what it is and not by where its text lies. */
interface Wanted {
  /** Learned numbers, BatchNorm's statistics included. */
  readonly parameters: number;
  readonly convolutions: number;
  /** Two blobs of which the first must come first: what tells AlexNet from CaffeNet. */
  readonly order?: readonly [string, string];
}

const WANTED = {
  AlexNet: { parameters: 60965224, convolutions: 5, order: ['norm1', 'pool1'] },
  CaffeNet: { parameters: 60965224, convolutions: 5, order: ['pool1', 'norm1'] },
  'ResNet-20': { parameters: 274847, convolutions: 21 },
  'ResNet-50': { parameters: 25610269, convolutions: 53 },
  GoogLeNet: { parameters: 13378280, convolutions: 59 },
  'VGG-16': { parameters: 138357544, convolutions: 13 },
  MobileNet: { parameters: 4253891, convolutions: 28 },
  'MobileNet-v2': { parameters: 3540189, convolutions: 54 },
  SqueezeNet: { parameters: 1248424, convolutions: 26 },
  'SE-Inception': { parameters: 11951723, convolutions: 89 },
  'Inception-v3': { parameters: 23869094, convolutions: 94 },
} as const satisfies Record<string, Wanted>;

/** Written here from their papers. */
const WRITTEN = {
  'ResNet-18': () => {
    const file = join(packageRoot(), 'bench', 'nets', 'resnet18.prototxt');
    return { file, text: readFileSync(file) };
  },
  'DenseNet-121': () => ({ file: 'generated from the paper', text: denseNet121() }),
};

export type PublishedName = keyof typeof WANTED | keyof typeof WRITTEN;

export interface PublishedNet {
  readonly name: PublishedName;
  /** Where the text is from. */
  readonly file: string;
  readonly text: Uint8Array | string;
  /** Shape of a record where the text holds none. */
  readonly record?: readonly [number, number, number];
}

interface Entry {
  readonly file: string;
  readonly kind: string;
  readonly style: string;
  readonly types?: Record<string, number>;
  readonly nets?: readonly {
    verdict: string;
    param_count?: number;
    blobs?: Record<string, unknown>;
    assumed_record?: [number, number, number];
  }[];
}

const accepted = (entry: Entry) => entry.nets?.find((net) => net.verdict === 'accept');

/** Training texts before deploy texts, today's form before legacy ones, then the shorter path. */
function rank(entry: Entry): number {
  const training = entry.types?.['SoftmaxWithLoss'] ? 0 : 4e6;
  // A source for each phase: a text that people train with.
  const phases = (entry.types?.['Data'] ?? 0) > 1 ? 0 : 2e6;
  return training + phases + (entry.style === 'V2' ? 0 : 1e6) + entry.file.length;
}

function matches(entry: Entry, { parameters, convolutions, order }: Wanted): boolean {
  const net = accepted(entry);
  if (entry.kind !== 'net' || net?.param_count !== parameters) return false;
  if (entry.types?.['Convolution'] !== convolutions) return false;
  const blobs = Object.keys(net.blobs ?? {});
  return !order || blobs.indexOf(order[0]) < blobs.indexOf(order[1]);
}

/** One text of the corpus for each of these nets, but for those written here. Those that it does not have are left out; without a corpus, all. */
export function publishedNets(corpus: string, names: readonly PublishedName[]): PublishedNet[] {
  const folder = join(corpus, 'prototxt');
  const index = join(folder, 'index.json');
  if (!existsSync(index)) return [];
  const { files } = JSON.parse(readFileSync(index, 'utf8')) as { files: Entry[] };
  return names.flatMap((name): PublishedNet[] => {
    if (name in WRITTEN) return [{ name, ...WRITTEN[name as keyof typeof WRITTEN]() }];
    const fit = files.filter((entry) => matches(entry, WANTED[name as keyof typeof WANTED]));
    const [best] = fit.sort((a, b) => rank(a) - rank(b));
    if (!best) return [];
    const record = accepted(best)!.assumed_record;
    return [{ name, file: best.file, text: readFileSync(join(folder, best.file)), ...(record && { record }) }];
  });
}
