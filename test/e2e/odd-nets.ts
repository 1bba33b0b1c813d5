import { RandomStream } from '../../orchestrator/core/index.ts';

interface Made {
  readonly name: string;
  readonly shape: readonly number[];
  uses: number;
}

const divisors = (n: number) => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/**
 * Prototxt of a net whose shapes are odd: batch 1 to 20, images down to one pixel, kernels that are not square and may be
 * larger than the image with its padding on one side only, strides over kernels, groups, dilation, no bias, in-place layers, branches, joins.
 */
export function oddNetText(seed: number, layers = 9): string {
  const random = new RandomStream(seed, 'odd');
  const between = (low: number, high: number) => low + random.integer(high - low + 1);
  const one = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const batch = between(1, 20);
  const data = [batch, between(1, 6), between(1, 11), between(1, 11)];
  const dims = (shape: readonly number[]) => `shape { ${shape.map((d) => `dim: ${d}`).join(' ')} }`;
  const lines = [
    `layer { name: "data" type: "Input" top: "data" top: "label" input_param { ${dims(data)} ${dims([batch])} } }`,
  ];
  const blobs: Made[] = [{ name: 'data', shape: data, uses: 0 }];
  const add = (
    type: string,
    bottoms: readonly Made[],
    shape: readonly number[],
    settings = '',
    top = `b${lines.length}`,
  ) => {
    for (const bottom of bottoms) bottom.uses++;
    const list = bottoms.map((b) => `bottom: "${b.name}"`).join(' ');
    lines.push(`layer { name: "l${lines.length}" type: "${type}" ${list} top: "${top}" ${settings} }`);
    if (!bottoms.some((b) => b.name === top)) blobs.push({ name: top, shape, uses: 0 });
  };
  const images = () => blobs.filter((b) => b.shape.length === 4);

  const convolution = () => {
    const bottom = one(images());
    const [, c, h, w] = bottom.shape as [number, number, number, number];
    const group = one(divisors(c));
    const outputs = group * between(1, Math.ceil(7 / group));
    const axis = (size: number) => {
      const kernel = between(1, 5);
      const dilation = between(1, 2);
      const reach = dilation * (kernel - 1) + 1;
      const pad = Math.max(between(0, 2), Math.ceil((reach - size) / 2));
      const stride = between(1, 4);
      return { kernel, dilation, pad, stride, out: Math.floor((size + 2 * pad - reach) / stride) + 1 };
    };
    const [y, x] = [axis(h), axis(w)];
    add(
      'Convolution',
      [bottom],
      [batch, outputs, y.out, x.out],
      `convolution_param { num_output: ${outputs} group: ${group} bias_term: ${random.integer(4) > 0}
        kernel_h: ${y.kernel} kernel_w: ${x.kernel} stride_h: ${y.stride} stride_w: ${x.stride} pad_h: ${y.pad} pad_w: ${x.pad}
        dilation: ${y.dilation} dilation: ${x.dilation} weight_filler { type: "xavier" } bias_filler { type: "gaussian" std: 0.1 } }`,
    );
  };
  const inner = (bottom = one(blobs), outputs = between(1, 20)) =>
    add(
      'InnerProduct',
      [bottom],
      [batch, outputs],
      `inner_product_param { num_output: ${outputs} transpose: ${random.integer(3) === 0} bias_term: ${random.integer(4) > 0}
        weight_filler { type: "xavier" } }`,
    );
  const pooling = () => {
    const bottom = one(images());
    const [, c, h, w] = bottom.shape as [number, number, number, number];
    const kernel = between(1, Math.min(3, h, w));
    const stride = between(1, kernel);
    const out = (size: number) => Math.ceil((size - kernel) / stride) + 1;
    const method = one(['MAX', 'AVE']);
    add(
      'Pooling',
      [bottom],
      [batch, c, out(h), out(w)],
      `pooling_param { pool: ${method} kernel_size: ${kernel} stride: ${stride} }`,
    );
  };
  const pointwise = () => {
    const bottom = one(blobs);
    const [type, settings] = one([
      ['ReLU', ''],
      ['ReLU', 'relu_param { negative_slope: 0.2 }'],
      ['Dropout', 'dropout_param { dropout_ratio: 0.3 }'],
      ['TanH', ''],
    ] as const);
    const inPlace = bottom.uses === 0 && bottom.name !== 'data' && random.integer(3) > 0;
    add(type, [bottom], bottom.shape, settings, inPlace ? bottom.name : undefined);
    if (inPlace) bottom.uses = 0;
  };
  const join = () => {
    const bottom = one(blobs);
    const same = blobs.filter((b) => b !== bottom && b.shape.join() === bottom.shape.join());
    const stacked = blobs.filter(
      (b) =>
        b !== bottom &&
        b.shape.length === bottom.shape.length &&
        b.shape.slice(2).join() === bottom.shape.slice(2).join(),
    );
    if (same.length > 0 && random.integer(2)) add('Eltwise', [bottom, one(same)], bottom.shape, '');
    else if (stacked.length > 0) {
      const other = one(stacked);
      const shape = [...bottom.shape];
      shape[1] = bottom.shape[1]! + other.shape[1]!;
      add('Concat', [bottom, other], shape);
    } else pointwise();
  };

  convolution();
  for (let i = 1; i < layers; i++) one([convolution, convolution, inner, pooling, pointwise, join])();
  for (const end of blobs.filter((b) => b.uses === 0)) {
    inner(end, 3);
    const { name } = blobs.at(-1)!;
    lines.push(
      `layer { name: "loss/${name}" type: "SoftmaxWithLoss" bottom: "${name}" bottom: "label" top: "loss/${name}" }`,
    );
  }
  return lines.join('\n');
}
