/** A text that is odd by its size or its shape, about `bytes` long: what a strange tool writes, or a hostile hand. */
export interface OddText {
  readonly name: string;
  /** What inspect says of it: the net or solver verdict, or that the text is not read. */
  readonly verdict: 'accept' | 'reject' | 'unread';
  readonly kind?: 'net' | 'solver';
  make(bytes: number): string;
}

const INPUT = 'layer { name: "d" type: "Input" top: "b0" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }\n';

/** `head`, then as many pieces as fit into `bytes`, then `tail`. */
function fill(bytes: number, piece: (i: number) => string, head = '', tail = ''): string {
  const parts = [head];
  for (let i = 0, size = head.length + tail.length; size < bytes; i++) {
    parts.push(piece(i));
    size += parts[parts.length - 1]!.length;
  }
  parts.push(tail);
  return parts.join('');
}

const link = (i: number, type: string, settings = ''): string =>
  `layer { name: "l${i}" type: "${type}" bottom: "b${i}" top: "b${i + 1}" ${settings}}\n`;

const mixed: readonly ((i: number) => string)[] = [
  (i) => link(i, 'Convolution', 'convolution_param { num_output: 2 kernel_size: 1 } '),
  (i) => link(i, 'ReLU'),
  (i) => link(i, 'Power', 'power_param { scale: 0.5 } '),
  (i) => link(i, 'Pooling', 'pooling_param { kernel_size: 1 } '),
  (i) => link(i, 'Dropout'),
  (i) => link(i, 'LRN'),
];

/** Each is read or refused, whatever its size, in time that grows as the text does. */
export const oddTexts: readonly OddText[] = [
  { name: 'chain of six types', verdict: 'accept', make: (n) => fill(n, (i) => mixed[i % mixed.length]!(i), INPUT) },
  {
    name: 'ReLU in place',
    verdict: 'accept',
    make: (n) => fill(n, (i) => `layer { name: "r${i}" type: "ReLU" bottom: "b0" top: "b0" }\n`, INPUT),
  },
  {
    name: 'inner products',
    verdict: 'accept',
    make: (n) => fill(n, (i) => link(i, 'InnerProduct', 'inner_product_param { num_output: 2 } '), INPUT),
  },
  {
    name: 'layers without settings',
    verdict: 'reject',
    make: (n) => fill(n, (i) => `layer{name:"${i}"}\n`),
  },
  { name: 'empty layers', verdict: 'reject', make: (n) => fill(n, () => 'layer{}') },
  {
    name: 'one layer, many tops',
    verdict: 'accept',
    make: (n) =>
      fill(n, (i) => `top: "t${i}" `, 'layer { name: "d" type: "Input" ', 'input_param { shape { dim: 1 } } }\n'),
  },
  {
    name: 'one layer, one top many times',
    verdict: 'reject',
    make: (n) => fill(n, () => 'top: "t" ', 'layer { name: "d" type: "Input" ', 'input_param { shape { dim: 1 } } }\n'),
  },
  {
    name: 'one layer, many dimensions',
    verdict: 'reject',
    make: (n) =>
      fill(n, () => 'dim: 1 ', 'layer { name: "d" type: "Input" top: "b0" input_param { shape { ', '} } }\n'),
  },
  {
    name: 'a list of dimensions',
    verdict: 'reject',
    make: (n) =>
      fill(n, () => '1,', 'layer { name: "d" type: "Input" top: "b0" input_param { shape { dim: [', '1] } } }\n'),
  },
  {
    name: 'loss weights',
    verdict: 'reject',
    make: (n) =>
      fill(n, () => 'loss_weight: 1 ', `${INPUT}layer { name: "r" type: "ReLU" bottom: "b0" top: "r" `, '}\n'),
  },
  {
    name: 'param settings',
    verdict: 'reject',
    make: (n) =>
      fill(n, () => 'param { lr_mult: 1 } ', `${INPUT}layer { name: "r" type: "ReLU" bottom: "b0" top: "r" `, '}\n'),
  },
  { name: 'one string', verdict: 'accept', make: (n) => `name: "${'x'.repeat(n)}"\n${INPUT}` },
  {
    name: 'a layer with a long name',
    verdict: 'accept',
    make: (n) => `${INPUT}${link(0, 'ReLU').replace('l0', 'x'.repeat(n))}`,
  },
  {
    name: 'a long name before many layers',
    verdict: 'accept',
    make: (n) =>
      fill(
        n,
        (i) => link(i, 'ReLU'),
        `${INPUT}layer { name: "${'x'.repeat(n >> 1)}" type: "ReLU" bottom: "b0" top: "c" }\n`,
      ),
  },
  {
    name: 'a blob with a long name, read many times',
    verdict: 'accept',
    make: (n) =>
      fill(
        n,
        (i) => `layer { name: "${i}" type: "Silence" bottom: "b${'x'.repeat(200)}" }\n`,
        INPUT.replace('b0', `b${'x'.repeat(200)}`),
      ),
  },
  { name: 'escapes', verdict: 'accept', make: (n) => `name: "${'\\n'.repeat(n >> 1)}"\n${INPUT}` },
  { name: 'strings side by side', verdict: 'accept', make: (n) => fill(n, () => '"x" ', 'name: ', `\n${INPUT}`) },
  { name: 'comments', verdict: 'accept', make: (n) => fill(n, (i) => `# comment ${i}\n`, INPUT) },
  { name: 'one comment', verdict: 'accept', make: (n) => `${INPUT}# ${'c'.repeat(n)}` },
  { name: 'blanks', verdict: 'accept', make: (n) => INPUT + ' '.repeat(n) },
  { name: 'empty lines', verdict: 'accept', make: (n) => INPUT + '\n'.repeat(n) },
  { name: 'tabs before a fault', verdict: 'unread', make: (n) => `${'\t'.repeat(n)}?` },
  { name: 'nested, closed', verdict: 'unread', make: (n) => 'a {'.repeat(n / 4) + '}'.repeat(n / 4) },
  { name: 'nested, open', verdict: 'unread', make: (n) => 'layer {'.repeat(n / 7) },
  { name: 'braces', verdict: 'unread', make: (n) => '{'.repeat(n) },
  { name: 'unknown fields', verdict: 'unread', make: (n) => fill(n, (i) => `unknown_${i}: 1\n`) },
  { name: 'an unknown field with a long name', verdict: 'unread', make: (n) => `${'a'.repeat(n)}: 1\n` },
  {
    name: 'a number of many digits',
    verdict: 'unread',
    make: (n) => `layer { top: "x" loss_weight: 1 param { lr_mult: 1 } phase: ${'1'.repeat(n)} }`,
  },
  {
    name: 'a float of many digits',
    verdict: 'accept',
    make: (n) => `${INPUT}${link(0, 'Power', `power_param { scale: 0.${'1'.repeat(n)} } `)}`,
  },
  { name: 'a field twice, many times', verdict: 'unread', make: (n) => fill(n, () => 'name: "x"\n') },
  { name: 'bad values', verdict: 'unread', make: (n) => fill(n, () => 'force_backward: maybe\n') },
  { name: 'missing required', verdict: 'unread', make: (n) => fill(n, () => 'layer{clip_param{}}\n') },
  {
    name: 'garbage',
    verdict: 'unread',
    make: (n) => fill(n, (i) => `${(Math.imul(i, 2654435761) >>> 0).toString(36)}%&"`),
  },
  { name: 'control characters', verdict: 'unread', make: (n) => '\u0001'.repeat(n) },
  { name: 'control characters and words', verdict: 'unread', make: (n) => '\u0001 a'.repeat(n / 3) },
  { name: 'no Unicode', verdict: 'unread', make: (n) => 'é'.repeat(n / 2) },
  { name: 'quotes', verdict: 'unread', make: (n) => '"'.repeat(n) },
  { name: 'one top made again and again', verdict: 'reject', make: (n) => fill(n, () => INPUT) },
  {
    name: 'unknown bottoms',
    verdict: 'reject',
    make: (n) => fill(n, (i) => `layer { name: "l${i}" type: "ReLU" bottom: "u${i}" top: "t${i}" }\n`, INPUT),
  },
  {
    name: 'unknown bottoms after a chain',
    verdict: 'reject',
    make: (n) =>
      fill(
        n,
        (i) => `layer { type: "ReLU" bottom: "no_such_blob_${i}" top: "t${i}" }\n`,
        fill(n / 2, (i) => link(i, 'ReLU'), INPUT),
      ),
  },
  {
    name: 'one layer, many unknown bottoms',
    verdict: 'reject',
    make: (n) => fill(n, (i) => `bottom: "u${i}" `, 'layer { name: "c" type: "Concat" top: "c" ', '}\n'),
  },
  {
    name: 'unknown types',
    verdict: 'reject',
    make: (n) => fill(n, (i) => link(i, 'Convolutoin'), INPUT),
  },
  {
    name: 'bad kernels',
    verdict: 'reject',
    make: (n) =>
      fill(
        n,
        (i) => `layer { name: "l${i}" type: "Pooling" bottom: "b0" top: "p${i}" pooling_param { kernel_size: 9 } }\n`,
        INPUT,
      ),
  },
  {
    name: 'second form',
    verdict: 'accept',
    make: (n) =>
      fill(
        n,
        (i) => `layers { name: "l${i}" type: RELU bottom: "b${i}" top: "b${i + 1}" }\n`,
        'input: "b0" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n',
      ),
  },
  {
    name: 'first form',
    verdict: 'accept',
    make: (n) =>
      fill(
        n,
        (i) => `layers { layer { name: "l${i}" type: "relu" } bottom: "b${i}" top: "b${i + 1}" }\n`,
        'input: "b0" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n',
      ),
  },
  {
    name: 'both forms',
    verdict: 'reject',
    make: (n) => fill(n, (i) => `layers { name: "l${i}" type: RELU bottom: "b${i}" top: "b${i + 1}" }\n`, INPUT),
  },
  {
    name: 'old inputs',
    verdict: 'accept',
    make: (n) => fill(n, (i) => `input: "i${i}" input_shape { dim: 1 }\n`),
  },
  {
    name: 'old inputs by dimension',
    verdict: 'accept',
    make: (n) => fill(n, (i) => `input: "i${i}" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1\n`),
  },
  {
    name: 'old batch normalisation',
    verdict: 'accept',
    make: (n) =>
      fill(n, (i) => link(i, 'BatchNorm', 'param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 } '), INPUT),
  },
  {
    name: 'one Concat of many bottoms',
    verdict: 'accept',
    make: (n) => {
      const count = Math.ceil(n / 100);
      const source = (i: number) =>
        `layer { name: "s${i}" type: "Input" top: "s${i}" input_param { shape { dim: 1 dim: 1 } } }\n`;
      const parts = Array.from({ length: count }, (_, i) => source(i));
      const bottoms = Array.from({ length: count }, (_, i) => `bottom: "s${i}" `);
      return [...parts, 'layer { name: "c" type: "Concat" top: "c" ', ...bottoms, '}\n'].join('');
    },
  },
  {
    name: 'one Concat of one blob',
    verdict: 'accept',
    make: (n) => fill(n, () => 'bottom: "b0" ', `${INPUT}layer { name: "c" type: "Concat" top: "c" `, '}\n'),
  },
  {
    name: 'one blob, many consumers',
    verdict: 'accept',
    make: (n) => fill(n, (i) => `layer { name: "l${i}" type: "ReLU" bottom: "b0" top: "t${i}" }\n`, INPUT),
  },
  {
    name: 'one Slice into many tops',
    verdict: 'reject',
    make: (n) => fill(n, (i) => `top: "t${i}" `, `${INPUT}layer { name: "c" type: "Slice" bottom: "b0" `, '}\n'),
  },
  {
    name: 'shared parameters',
    verdict: 'accept',
    make: (n) =>
      fill(n, (i) => link(i, 'InnerProduct', 'param { name: "w" } inner_product_param { num_output: 48 } '), INPUT),
  },
  {
    name: 'stages',
    verdict: 'accept',
    make: (n) =>
      fill(
        n,
        (i) => `stage: "s${i}" `,
        `${INPUT}layer { name: "r" type: "ReLU" bottom: "b0" top: "r" include { `,
        '} }\n',
      ),
  },
  {
    name: 'many rules',
    verdict: 'accept',
    make: (n) =>
      fill(n, () => 'include { phase: TEST } ', `${INPUT}layer { name: "r" type: "ReLU" bottom: "b0" top: "r" `, '}\n'),
  },
  {
    name: 'stages of the net against rules',
    verdict: 'accept',
    make: (n) =>
      fill(
        n,
        (i) => `layer { name: "r${i}" type: "ReLU" bottom: "b0" top: "b0" include { stage: "none" } }\n`,
        fill(n / 2, (i) => `stage: "s${i}" `, 'state { ', '}\n') + INPUT,
      ),
  },
  {
    name: 'losses',
    verdict: 'accept',
    make: (n) =>
      fill(n, (i) => `layer { name: "l${i}" type: "Reduction" bottom: "b0" top: "s${i}" loss_weight: 1 }\n`, INPUT),
  },
  {
    name: 'a layer called __proto__',
    verdict: 'accept',
    make: (n) => fill(n, (i) => `layer { name: "__proto__" type: "ReLU" bottom: "b0" top: "__proto__${i}" }\n`, INPUT),
  },
  {
    name: 'steps of a solver',
    verdict: 'accept',
    kind: 'solver',
    make: (n) =>
      fill(
        n,
        (i) => `stepvalue: ${i + 1}\n`,
        `net_param { ${INPUT} } base_lr: 0.1 lr_policy: "multistep" gamma: 0.9 max_iter: 100\n`,
      ),
  },
  {
    name: 'a solver with a large net',
    verdict: 'accept',
    kind: 'solver',
    make: (n) =>
      fill(n, (i) => link(i, 'ReLU'), `base_lr: 0.1 lr_policy: "fixed" max_iter: 100 net_param { ${INPUT}`, '}\n'),
  },
  {
    name: 'test states of a solver',
    verdict: 'reject',
    kind: 'solver',
    make: (n) =>
      fill(n, () => 'test_state { }\n', `net_param { ${INPUT} } base_lr: 0.1 lr_policy: "fixed" max_iter: 100\n`),
  },
  {
    name: 'test nets of a solver',
    verdict: 'reject',
    kind: 'solver',
    make: (n) =>
      fill(
        n,
        (i) => `test_net: "no/such/${i}"\n`,
        `net_param { ${INPUT} } base_lr: 0.1 lr_policy: "fixed" max_iter: 100\n`,
      ),
  },
];
