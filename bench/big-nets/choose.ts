import { usageError } from '../../orchestrator/core/index.ts';
import { type PublishedName, type PublishedNet, publishedNets } from '../published/nets.ts';

const NAMES: readonly PublishedName[] = [
  ...(['AlexNet', 'CaffeNet', 'GoogLeNet', 'ResNet-50', 'VGG-16', 'MobileNet', 'SqueezeNet'] as const),
  ...(['Inception-v3', 'DenseNet-121'] as const),
];

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The nets to run: all, or those whose names begin with `only`. Throws a usage error where there is none. */
export function chooseNets(corpus: string, only: string | undefined): PublishedNet[] {
  const found = publishedNets(corpus, NAMES);
  const chosen = only ? found.filter((net) => plain(net.name).startsWith(plain(only))) : found;
  if (chosen.length > 0) return chosen;
  const expected = found.map((net) => net.name).join(', ') || 'a folder that holds prototxt/index.json';
  const message = only && found.length > 0 ? `no net '${only}' in ${corpus}` : `no nets in ${corpus}`;
  throw usageError({ message, expected, code: 'unknown-net' });
}
