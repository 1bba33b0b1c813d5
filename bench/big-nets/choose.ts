import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CremaError } from '../../orchestrator/core/index.ts';
import { denseNet121 } from './densenet.ts';

/** A published net, known by what it is and not by where its text lies. */
interface Wanted {
  readonly name: string;
  /** Learned numbers, BatchNorm's statistics included. */
  readonly parameters: number;
  readonly convolutions: number;
  /** Two blobs of which the first must come first: what tells AlexNet from CaffeNet. */
  readonly order?: readonly [string, string];
}

const WANTED: readonly Wanted[] = [
  { name: 'AlexNet', parameters: 60965224, convolutions: 5, order: ['norm1', 'pool1'] },
  { name: 'CaffeNet', parameters: 60965224, convolutions: 5, order: ['pool1', 'norm1'] },
  { name: 'GoogLeNet', parameters: 13378280, convolutions: 59 },
  { name: 'ResNet-50', parameters: 25610269, convolutions: 53 },
  { name: 'VGG-16', parameters: 138357544, convolutions: 13 },
  { name: 'MobileNet', parameters: 4253891, convolutions: 28 },
  { name: 'SqueezeNet', parameters: 1248424, convolutions: 26 },
  { name: 'Inception-v3', parameters: 23869094, convolutions: 94 },
];

export interface Chosen {
  readonly name: string;
  /** Where the text is from. */
  readonly file: string;
  readonly text: Uint8Array | string;
}

interface Entry {
  readonly file: string;
  readonly kind: string;
  readonly style: string;
  readonly types?: Record<string, number>;
  readonly nets?: readonly { verdict: string; param_count?: number; blobs?: Record<string, unknown> }[];
}

/** Training texts before deploy texts, today's form before legacy ones, then the shorter path. */
function rank(entry: Entry): number {
  const training = entry.types?.SoftmaxWithLoss ? 0 : 4e6;
  // A source for each phase: a text that people train with.
  const phases = (entry.types?.Data ?? 0) > 1 ? 0 : 2e6;
  return training + phases + (entry.style === 'V2' ? 0 : 1e6) + entry.file.length;
}

function matches(entry: Entry, wanted: Wanted): boolean {
  const net = entry.nets?.find((n) => n.verdict === 'accept');
  if (entry.kind !== 'net' || net?.param_count !== wanted.parameters) return false;
  if (entry.types?.Convolution !== wanted.convolutions) return false;
  const blobs = Object.keys(net.blobs ?? {});
  return !wanted.order || blobs.indexOf(wanted.order[0]) < blobs.indexOf(wanted.order[1]);
}

/** The texts to run: one of the corpus for each net; DenseNet-121, of which the corpus has no readable text, from its paper. */
export function chooseNets(corpus: string, only: string | undefined): Chosen[] {
  const folder = join(corpus, 'prototxt');
  const { files } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { files: Entry[] };
  const found = WANTED.flatMap((wanted): Chosen[] => {
    const fit = files.filter((entry) => matches(entry, wanted));
    fit.sort((a, b) => rank(a) - rank(b));
    if (fit.length === 0) return [];
    return [{ name: wanted.name, file: fit[0]!.file, text: readFileSync(join(folder, fit[0]!.file)) }];
  });
  found.push({ name: 'DenseNet-121', file: 'generated from the paper', text: denseNet121() });
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const chosen = only ? found.filter((net) => plain(net.name).startsWith(plain(only))) : found;
  if (chosen.length > 0) return chosen;
  const expected = found.map((net) => net.name).join(', ');
  throw new CremaError('usage', { message: `no net '${only}' in ${corpus}`, expected, code: 'unknown-net' });
}
