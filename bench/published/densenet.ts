const layer = (name: string, type: string, bottoms: readonly string[], top: string, settings = ''): string =>
  `layer { name: "${name}" type: "${type}" ${bottoms.map((b) => `bottom: "${b}" `).join('')}top: "${top}" ${settings} }`;

/** DenseNet-121 for ImageNet: growth rate 32, bottlenecks, compression 0.5. Huang, Liu, van der Maaten, Weinberger, CVPR 2017, table 1. */
export function denseNet121(): string {
  const lines = [
    'name: "DenseNet-121"',
    'layer { name: "data" type: "Input" top: "data" top: "label" input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } shape { dim: 1 } } }',
  ];
  const convolution = (name: string, bottom: string, outputs: number, kernel: number, stride = 1): string => {
    const pad = (kernel - 1) / 2;
    const settings = `num_output: ${outputs} bias_term: false kernel_size: ${kernel} pad: ${pad} stride: ${stride}`;
    lines.push(
      layer(name, 'Convolution', [bottom], name, `convolution_param { ${settings} weight_filler { type: "msra" } }`),
    );
    return name;
  };
  const activation = (name: string, bottom: string): string => {
    lines.push(layer(`${name}/bn`, 'BatchNorm', [bottom], `${name}/bn`));
    lines.push(layer(`${name}/scale`, 'Scale', [`${name}/bn`], `${name}/bn`, 'scale_param { bias_term: true }'));
    lines.push(layer(`${name}/relu`, 'ReLU', [`${name}/bn`], `${name}/bn`));
    return `${name}/bn`;
  };
  const pooling = (name: string, bottom: string, settings: string): string => {
    lines.push(layer(name, 'Pooling', [bottom], name, `pooling_param { ${settings} }`));
    return name;
  };
  let x = activation('conv1', convolution('conv1', 'data', 64, 7, 2));
  x = pooling('pool1', x, 'pool: MAX kernel_size: 3 stride: 2 pad: 1');
  let channels = 64;
  [6, 12, 24, 16].forEach((units, block) => {
    for (let unit = 0; unit < units; unit++) {
      const name = `block${block + 1}/unit${unit + 1}`;
      const narrow = convolution(`${name}/x1`, activation(`${name}/x1`, x), 128, 1);
      const grown = convolution(`${name}/x2`, activation(`${name}/x2`, narrow), 32, 3);
      lines.push(layer(`${name}/concat`, 'Concat', [x, grown], `${name}/concat`));
      x = `${name}/concat`;
      channels += 32;
    }
    if (block === 3) return;
    channels /= 2;
    const name = `transition${block + 1}`;
    x = pooling(
      `${name}/pool`,
      convolution(name, activation(name, x), channels, 1),
      'pool: AVE kernel_size: 2 stride: 2',
    );
  });
  x = pooling('pool5', activation('last', x), 'pool: AVE global_pooling: true');
  lines.push(
    layer('fc', 'InnerProduct', [x], 'fc', 'inner_product_param { num_output: 1000 weight_filler { type: "xavier" } }'),
  );
  lines.push(layer('loss', 'SoftmaxWithLoss', ['fc', 'label'], 'loss'));
  return lines.join('\n');
}
