import { RandomStream } from '../../orchestrator/core/index.ts';
import { buildNet, type Net } from '../../orchestrator/net/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';

interface Made {
  readonly name: string;
  readonly channels: number;
  /** Layers that read it so far. */
  uses: number;
}

const ONE: readonly (readonly [type: string, settings: string, inPlace: boolean])[] = [
  ['ReLU', '', true],
  ['ReLU', 'relu_param { negative_slope: -0.3 }', true],
  ['Sigmoid', '', true],
  ['TanH', '', true],
  ['ELU', '', true],
  ['PReLU', '', true],
  ['Power', 'power_param { scale: 0.5 shift: 0.1 }', true],
  ['Dropout', '', true],
  ['BatchNorm', '', true],
  ['Scale', 'scale_param { bias_term: true filler { type: "gaussian" std: 0.5 } }', true],
  ['Bias', 'bias_param { filler { type: "gaussian" std: 0.5 } }', true],
  ['LRN', 'lrn_param { local_size: 3 alpha: 0.1 }', false],
  ['Pooling', 'pooling_param { pool: MAX kernel_size: 3 pad: 1 }', false],
  ['Pooling', 'pooling_param { pool: AVE kernel_size: 3 pad: 1 }', false],
  ['Softmax', '', true],
  ['AbsVal', '', false],
  ['Split', '', false],
];

/** Prototxt of a net that wires layers at random: chains, branches, joins, in-place layers. Input 3 × 4 × 6 × 5; one loss per loose end. */
export function randomNetText(seed: number, layers = 14): string {
  const random = new RandomStream(seed, 'net');
  const lines = [
    'layer { name: "data" type: "Input" top: "data" top: "label" input_param { shape { dim: 3 dim: 4 dim: 6 dim: 5 } shape { dim: 3 } } }',
  ];
  const blobs: Made[] = [{ name: 'data', channels: 4, uses: 0 }];
  const add = (type: string, bottoms: readonly Made[], top: string, settings: string) => {
    for (const bottom of bottoms) bottom.uses++;
    const list = bottoms.map((b) => `bottom: "${b.name}"`).join(' ');
    lines.push(`layer { name: "l${lines.length}" type: "${type}" ${list} top: "${top}" ${settings} }`);
  };
  // Fresh blobs are taken more often, so that nets grow deep.
  const pick = () => blobs[Math.max(random.integer(blobs.length), random.integer(blobs.length))]!;
  for (let i = 1; i <= layers; i++) {
    const bottom = pick();
    const top = `b${i}`;
    const kind = random.integer(10);
    const mate = blobs.find((b) => b !== bottom && b.channels === bottom.channels);
    if (kind < 3) {
      const channels = 2 + random.integer(5);
      const kernel = random.integer(2) * 2 + 1;
      const shape = `num_output: ${channels} kernel_size: ${kernel} pad: ${(kernel - 1) / 2}`;
      add('Convolution', [bottom], top, `convolution_param { ${shape} weight_filler { type: "xavier" } }`);
      blobs.push({ name: top, channels, uses: 0 });
    } else if (kind === 3 && blobs.length > 2) {
      const other = pick();
      add('Concat', [bottom, other], top, '');
      blobs.push({ name: top, channels: bottom.channels + other.channels, uses: 0 });
    } else if (kind === 4 && mate) {
      const operation = ['SUM', 'PROD', 'MAX'][random.integer(3)];
      add('Eltwise', [bottom, mate], top, `eltwise_param { operation: ${operation} }`);
      blobs.push({ name: top, channels: bottom.channels, uses: 0 });
    } else {
      const [type, settings, inPlace] = ONE[random.integer(ONE.length)]!;
      if (inPlace && bottom.uses === 0 && bottom.name !== 'data' && random.integer(2) === 0) {
        add(type, [bottom], bottom.name, settings);
        bottom.uses = 0;
      } else {
        add(type, [bottom], top, settings);
        blobs.push({ name: top, channels: bottom.channels, uses: 0 });
      }
    }
  }
  for (const end of blobs.filter((b) => b.uses === 0)) {
    add(
      'InnerProduct',
      [end],
      `fc/${end.name}`,
      'inner_product_param { num_output: 3 weight_filler { type: "xavier" } }',
    );
    lines.push(
      `layer { name: "loss/${end.name}" type: "SoftmaxWithLoss" bottom: "fc/${end.name}" bottom: "label" top: "loss/${end.name}" }`,
    );
  }
  return lines.join('\n');
}

export function randomNet(seed: number): Net {
  return buildNet(parseNet(randomNetText(seed), `random-${seed}.prototxt`), { phase: 'TRAIN', seed });
}
