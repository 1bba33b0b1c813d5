import { printable } from '../core/index.ts';
import type { GraphLayer, GraphNode, NetGraph } from '../recipes/index.ts';
import { PLACE_COLOURS, shapeText } from './net-svg.ts';

const lineOf = (layer: GraphLayer, first: boolean) =>
  first
    ? [layer.name, [layer.type, layer.settings].filter(Boolean).join(' '), shapeText(layer.shape)].filter(Boolean)
    : [`${layer.name} · ${layer.type}`];

const labelOf = (node: GraphNode) => node.layers.flatMap((layer, i) => lineOf(layer, i === 0)).map(printable);

/** A net in Graphviz' language. */
export function netDot(graph: NetGraph): string {
  const quote = (text: string) => `"${printable(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const lines = graph.nodes.map((node, i) => {
    const { fill, stroke, text } = PLACE_COLOURS[node.layers[0]!.place];
    const label = labelOf(node)
      .map((line) => quote(line).slice(1, -1))
      .join('\\n');
    return `  n${i} [label="${label}", tooltip=${quote(node.layers[0]!.reason)}, fillcolor="${fill}", color="${stroke}", fontcolor="${text}"];`;
  });
  const edges = graph.edges.map(
    (e) => `  n${e.from} -> n${e.to} [tooltip=${quote(`${e.blob} ${shapeText(e.shape)}`)}];`,
  );
  return [
    `digraph ${quote(graph.name || 'net')} {`,
    '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];',
    '  edge [color="#7c8494"];',
    ...lines,
    ...edges,
    '}',
    '',
  ].join('\n');
}

/** A net in Mermaid's language, which Markdown viewers draw. */
export function netMermaid(graph: NetGraph): string {
  // Mermaid reads # as the start of an entity; < and > would be markup.
  const quoted = (text: string) =>
    text.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;');
  const lines = graph.nodes.map(
    (node, i) => `  n${i}["${labelOf(node).map(quoted).join('<br/>')}"]:::${node.layers[0]!.place}`,
  );
  const edges = graph.edges.map((e) => `  n${e.from} --> n${e.to}`);
  const classes = Object.entries(PLACE_COLOURS).map(
    ([place, { fill, stroke, text }]) => `  classDef ${place} fill:${fill},stroke:${stroke},color:${text}`,
  );
  return ['flowchart TD', ...lines, ...edges, ...classes, ''].join('\n');
}
