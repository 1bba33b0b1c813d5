import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../orchestrator/core/index.ts';
import { denseNet121 } from '../big-nets/densenet.ts';

/** A published net by what it is: learned numbers (statistics included) and convolutions. */
const WANTED = [
  { name: 'AlexNet', parameters: 60965224, convolutions: 5 },
  { name: 'ResNet-20', parameters: 274847, convolutions: 21 },
  { name: 'ResNet-50', parameters: 25610269, convolutions: 53 },
  { name: 'GoogLeNet', parameters: 13378280, convolutions: 59 },
  { name: 'MobileNet', parameters: 4253891, convolutions: 28 },
  { name: 'MobileNet-v2', parameters: 3540189, convolutions: 54 },
  { name: 'SqueezeNet', parameters: 1248424, convolutions: 26 },
  { name: 'SE-Inception', parameters: 11951723, convolutions: 89 },
] as const;

const RESNET18 = join(packageRoot(), 'bench', 'nets', 'resnet18.prototxt');

export interface PublishedNet {
  readonly name: string;
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
  readonly nets?: readonly { verdict: string; param_count?: number; assumed_record?: [number, number, number] }[];
}

/** One text of the corpus for each net, training texts first; ResNet-18 and DenseNet-121 as written here from their papers. None where there is no corpus. */
export function publishedNets(corpus: string): PublishedNet[] {
  const folder = join(corpus, 'prototxt');
  if (!existsSync(join(folder, 'index.json'))) return [];
  const { files } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { files: Entry[] };
  const found = WANTED.flatMap(({ name, parameters, convolutions }): PublishedNet[] => {
    const fits = files.filter((entry) => {
      const net = entry.nets?.[0];
      return (
        net?.verdict === 'accept' && net.param_count === parameters && entry.types?.['Convolution'] === convolutions
      );
    });
    const rank = (entry: Entry) =>
      (entry.types?.['Data'] ?? 0) * -1e4 + (entry.style === 'V2' ? 0 : 1e5) + entry.file.length;
    const [best] = fits.sort((a, b) => rank(a) - rank(b));
    if (!best) return [];
    const record = best.nets![0]!.assumed_record;
    return [{ name, file: best.file, text: readFileSync(join(folder, best.file)), ...(record && { record }) }];
  });
  return [
    ...found,
    { name: 'ResNet-18', file: RESNET18, text: readFileSync(RESNET18) },
    { name: 'DenseNet-121', file: 'generated from the paper', text: denseNet121() },
  ];
}
