import { elementCount, type Shape } from '../blob/index.ts';
import type { Net, NetLayer } from '../net/index.ts';
import type { Place, Plan } from '../plan/index.ts';
import { type LayerParameter, PoolingParameter_PoolMethod } from '../proto/index.ts';

/** One layer in a drawing. */
export interface GraphLayer {
  readonly name: string;
  readonly type: string;
  /** Sizes that matter at a glance: `3×3 stride 2 pad 1`. */
  readonly settings: string;
  readonly shape: Shape | undefined;
  readonly parameters: number;
  readonly macs: number;
  readonly place: Place;
  readonly reason: string;
}

/** A box: a layer, and the layers that work in place on what it makes, in order. */
export interface GraphNode {
  readonly layers: readonly GraphLayer[];
}

/** Data that flows from one box to another; indices of nodes. */
export interface GraphEdge {
  readonly from: number;
  readonly to: number;
  readonly blob: string;
  readonly shape: Shape;
}

/** A net as it is drawn: splits are left out, their consumers hang on what was split. */
export interface NetGraph {
  readonly name: string;
  readonly phase: string;
  /** `board/config`, or undefined where everything is on the host. */
  readonly device: string | undefined;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export function netGraph(net: Net, plan: Plan): NetGraph {
  const nodes: { layers: GraphLayer[] }[] = [];
  const nodeOf = new Map<number, number>();
  for (const layer of net.layers) {
    if (layer.inserted) continue;
    const drawn = drawnLayer(layer, net, plan);
    const host = inPlaceOn(layer, net, nodeOf);
    if (host === undefined) {
      nodeOf.set(layer.index, nodes.length);
      nodes.push({ layers: [drawn] });
    } else {
      nodeOf.set(layer.index, host);
      nodes[host]!.layers.push(drawn);
    }
  }
  const { device } = plan;
  return {
    name: net.name,
    phase: net.phase,
    device: device && `${device.board}/${device.config}`,
    nodes,
    edges: edgesOf(net, nodeOf),
  };
}

/** The node whose blob this layer overwrites. */
function inPlaceOn(layer: NetLayer, net: Net, nodeOf: ReadonlyMap<number, number>): number | undefined {
  const [top] = layer.tops;
  if (layer.tops.length !== 1 || top === undefined || layer.bottoms[0] !== top) return undefined;
  return nodeOf.get(net.blobs.get(top)!.producer);
}

function edgesOf(net: Net, nodeOf: ReadonlyMap<number, number>): GraphEdge[] {
  const edges: GraphEdge[] = [];
  for (const layer of net.layers) {
    if (layer.inserted) continue;
    for (const bottom of layer.bottoms) {
      let blob = net.blobs.get(bottom)!;
      while (net.layers[blob.producer]!.inserted) blob = net.blobs.get(net.layers[blob.producer]!.bottoms[0]!)!;
      const [from, to] = [nodeOf.get(blob.producer)!, nodeOf.get(layer.index)!];
      if (from !== to) edges.push({ from, to, blob: blob.id, shape: blob.shape });
    }
  }
  return edges;
}

function drawnLayer(layer: NetLayer, net: Net, plan: Plan): GraphLayer {
  const placement = plan.placements[layer.index]!;
  return {
    name: layer.name,
    type: layer.type.type,
    settings: settingsOf(layer.param),
    shape: layer.tops[0] === undefined ? undefined : net.blobs.get(layer.tops[0])!.shape,
    parameters: layer.params.reduce((sum, i) => sum + elementCount(net.params[i]!.shape), 0),
    macs: layer.macs,
    place: placement.place,
    reason: placement.reason,
  };
}

interface SlidingText {
  readonly kernel: string;
  readonly stride: string;
  readonly pad: string;
}

const pair = (height: number, width: number) => (height === width ? String(height) : `${height}×${width}`);
const windowText = ({ kernel, stride, pad }: SlidingText) =>
  [kernel, stride !== '1' && stride !== '' ? `stride ${stride}` : '', pad !== '0' && pad !== '' ? `pad ${pad}` : '']
    .filter(Boolean)
    .join(' ');

function settingsOf(param: LayerParameter): string {
  const { convolution_param: conv, pooling_param: pool, inner_product_param: inner } = param;
  if (conv && /^(Convolution|Deconvolution)$/.test(param.type)) {
    const axes = (list: readonly number[], height: number, width: number) =>
      list.length > 0 ? [...new Set(list)].join('×') : height || width ? pair(height, width) : '';
    const kernel = axes(conv.kernel_size, conv.kernel_h, conv.kernel_w);
    const text = windowText({
      kernel: /×/.test(kernel) ? kernel : `${kernel}×${kernel}`,
      stride: axes(conv.stride, conv.stride_h, conv.stride_w),
      pad: axes(conv.pad, conv.pad_h, conv.pad_w),
    });
    const dilation = axes(conv.dilation, 0, 0);
    return `${text}${dilation && dilation !== '1' ? ` dilation ${dilation}` : ''}${conv.group > 1 ? ` group ${conv.group}` : ''}`;
  }
  if (pool && param.type === 'Pooling') {
    const method = Object.entries(PoolingParameter_PoolMethod).find(([, value]) => value === pool.pool)?.[0] ?? '';
    if (pool.global_pooling) return `${method} global`;
    const side = (one: number, height: number, width: number) => (height || width ? pair(height, width) : String(one));
    const kernel = side(pool.kernel_size, pool.kernel_h, pool.kernel_w);
    return `${method} ${windowText({
      kernel: /×/.test(kernel) ? kernel : `${kernel}×${kernel}`,
      stride: side(pool.stride, pool.stride_h, pool.stride_w),
      pad: side(pool.pad, pool.pad_h, pool.pad_w),
    })}`;
  }
  return inner && param.type === 'InnerProduct' ? `${inner.num_output}` : '';
}
