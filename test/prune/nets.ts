import { type NetParameter, parseNet } from '../../orchestrator/proto/index.ts';

/** A short way to write layers: `Type name bottoms > tops { settings }`, one a line. */
export function netOf(lines: string): NetParameter {
  const layers = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, type, name, bottoms = '', tops = '', rest = ''] = /^(\w+) (\S+) ([^>]*)>([^{]*)(.*)$/.exec(line) ?? [];
      if (!type) throw new Error(`no layer: ${line}`);
      const list = (field: string, names: string) =>
        names
          .trim()
          .split(/\s+/)
          .filter(Boolean)
          .map((n) => `${field}: "${n}"`)
          .join(' ');
      return `layer { type: "${type}" name: "${name}" ${list('bottom', bottoms)} ${list('top', tops)} ${rest.replace(/^\{|\}$/g, '')} }`;
    });
  return parseNet(layers.join('\n'), 'net.prototxt');
}

/** Data and label of a small picture. */
export const input = (shape = '2 3 12 12') =>
  `Input data > data { input_param { shape { ${shape
    .split(' ')
    .map((d) => `dim: ${d}`)
    .join(' ')} } } }`;

/** A convolution line. */
export const conv = (name: string, bottom: string, outputs: number, more = 'kernel_size: 3 pad: 1') =>
  `Convolution ${name} ${bottom} > ${name} { convolution_param { num_output: ${outputs} ${more} } }`;

export const relu = (blob: string) => `ReLU relu_${blob} ${blob} > ${blob} {}`;

export const fc = (name: string, bottom: string, outputs: number, more = '') =>
  `InnerProduct ${name} ${bottom} > ${name} { inner_product_param { num_output: ${outputs} ${more} } }`;

export const norm = (blob: string) =>
  `BatchNorm bn_${blob} ${blob} > ${blob} {}\nScale scale_${blob} ${blob} > ${blob} { scale_param { bias_term: true } }`;

/** Average over the map, then ten classes. */
export const head = (bottom: string) =>
  `Pooling gap ${bottom} > gap { pooling_param { pool: AVE global_pooling: true } }\n${fc('fc', 'gap', 10)}`;
