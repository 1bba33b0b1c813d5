import { elementCount, type Shape } from '../blob/index.ts';
import type { Problem } from '../core/index.ts';
import { CremaError } from '../core/index.ts';
import { buildNet, closeNet, type Net, type NetOptions, NOT_INFERABLE } from '../net/index.ts';
import type { NetParameter } from '../proto/index.ts';

export interface InspectedLayer {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  /** Shape of each top. */
  readonly shapes: readonly Shape[];
  readonly param_count: number;
  readonly macs: number;
}

/** What building a net for one phase gives. Shapes and counts are there where it was accepted. */
export interface NetVerdict {
  /** `not_inferable`: the shapes depend on files that this text names, or on code. */
  readonly verdict: 'accept' | 'reject' | 'not_inferable';
  readonly phase: string;
  readonly reason?: string;
  readonly at_layer?: string;
  readonly layer_count?: number;
  /** Every blob the text names, by name; splits are left out. */
  readonly blobs?: Record<string, Shape>;
  /** Per layer with parameters, the shapes of its blobs in order. */
  readonly params?: Record<string, Shape[]>;
  /** Elements of all parameters, shared ones once, statistics of BatchNorm included. */
  readonly param_count?: number;
  /** Multiply-accumulates of one forward pass of the whole batch, bias left out. */
  readonly macs?: Record<string, number>;
  readonly conv_macs?: number;
  readonly ip_macs?: number;
  readonly layers?: readonly InspectedLayer[];
}

export interface JudgedNet {
  readonly verdict: NetVerdict;
  readonly problems: readonly Problem[];
}

/** Builds a net and says what it is; a text that builds no net is a verdict, not an error. */
export function judgeNet(text: NetParameter, options: NetOptions): JudgedNet {
  let net: Net;
  try {
    net = buildNet(text, options);
  } catch (error) {
    if (!(error instanceof CremaError) || error.kind === 'internal' || error.kind === 'usage') throw error;
    const real = error.kind === 'data' ? [] : error.problems.filter((p) => p.code !== NOT_INFERABLE);
    const problems = real.length > 0 ? real : error.problems;
    const layer = problems[0]?.path?.split(' > ')[0];
    return {
      verdict: {
        verdict: real.length > 0 ? 'reject' : 'not_inferable',
        phase: options.phase,
        reason: problems[0]?.message ?? error.message,
        ...(layer !== undefined && { at_layer: layer }),
      },
      problems,
    };
  }
  closeNet(net);
  return { verdict: describeNet(net), problems: [] };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

function describeNet(net: Net): NetVerdict {
  const blobs = new Map<string, Shape>();
  for (const blob of net.blobs.values()) if (blob.named) blobs.set(blob.id, blob.shape);
  const layers = net.layers.filter((layer) => !layer.inserted);
  const shapeOf = (index: number) => net.params[index]!.shape;
  const macsOf = (...types: readonly string[]) =>
    layers.reduce((all, l) => (types.includes(l.type.type) ? all + l.macs : all), 0);
  return {
    verdict: 'accept',
    phase: net.phase,
    layer_count: layers.length,
    // Entries, not assignments: a layer may be called __proto__.
    blobs: Object.fromEntries(blobs),
    params: Object.fromEntries(layers.filter((l) => l.params.length > 0).map((l) => [l.name, l.params.map(shapeOf)])),
    param_count: sum(net.learnable.map((index) => elementCount(shapeOf(index)))),
    macs: Object.fromEntries(layers.filter((l) => l.macs > 0).map((l) => [l.name, l.macs])),
    conv_macs: macsOf('Convolution', 'Deconvolution'),
    ip_macs: macsOf('InnerProduct'),
    layers: layers.map((layer) => ({
      name: layer.name,
      type: layer.type.type,
      bottoms: layer.param.bottom,
      tops: layer.tops,
      shapes: layer.tops.map((top) => net.blobs.get(top)!.shape),
      param_count: sum(layer.params.map((index) => elementCount(shapeOf(index)))),
      macs: layer.macs,
    })),
  };
}
