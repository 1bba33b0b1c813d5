import { printable } from '../core/index.ts';
import type { GraphLayer, GraphNode, NetGraph } from '../recipes/index.ts';
import { placeLayered } from './layered.ts';
import { escapeMarkup } from './markup.ts';

/** Fill, border and text of a layer by its place. */
export const PLACE_COLOURS = {
  fpga: { fill: '#cdeee6', stroke: '#0f766e', text: '#0b3d39' },
  host: { fill: '#f1f0ea', stroke: '#a39f92', text: '#33312b' },
} as const;

/** Pixels: text rows, box padding, page margin; mean width of a character of each font size. */
const ROW = 15;
const PAD = 7;
const MARGIN = 28;
const HEAD = 64;
const CHARACTER = { name: 7.1, small: 6.1 } as const;

/** As in HTML, control characters removed. */
const markup = (text: string) => escapeMarkup(printable(text));

export const shapeText = (shape: readonly number[] | undefined) => (shape ? shape.join('×') || 'scalar' : '');

/** Lines of a box below the layer's name. */
function detailsOf(layer: GraphLayer, first: boolean): string[] {
  if (!first) return [];
  const head = [layer.type, layer.settings].filter(Boolean).join(' ');
  return [head, shapeText(layer.shape)].filter(Boolean);
}

interface Strip {
  readonly layer: GraphLayer;
  readonly title: string;
  readonly details: readonly string[];
  readonly height: number;
}

function stripsOf(node: GraphNode): Strip[] {
  return node.layers.map((layer, i) => {
    const details = detailsOf(layer, i === 0);
    const title = i === 0 ? layer.name : `${layer.name} · ${layer.type}`;
    return { layer, title, details, height: 2 * (i === 0 ? PAD : 3) + ROW * (1 + details.length) };
  });
}

function boxOf(strips: readonly Strip[]) {
  const widths = strips.flatMap(({ title, details }, i) => [
    title.length * (i === 0 ? CHARACTER.name : CHARACTER.small),
    ...details.map((line) => line.length * CHARACTER.small),
  ]);
  return { width: Math.ceil(Math.max(72, ...widths) + 4 * PAD), height: strips.reduce((sum, s) => sum + s.height, 0) };
}

const number = (value: number) => String(Math.round(value * 10) / 10);

function drawBox(strips: readonly Strip[], centre: number, top: number): string {
  const { width, height } = boxOf(strips);
  const x = centre - width / 2;
  const parts: string[] = [];
  let y = top;
  strips.forEach(({ layer, title, details, height: tall }, i) => {
    const colour = PLACE_COLOURS[layer.place];
    const text = (line: string, at: number, style: string) =>
      `<text x="${number(centre)}" y="${number(at)}" fill="${colour.text}" ${style}>${markup(line)}</text>`;
    const padding = i === 0 ? PAD : 3;
    const rows = [
      text(title, y + padding + ROW - 4, i === 0 ? 'class="name"' : 'class="small"'),
      ...details.map((line, k) => text(line, y + padding + ROW * (k + 2) - 4, 'class="small"')),
    ];
    const hover = `${layer.name} (${layer.type}) ${layer.place}: ${layer.reason}; ${layer.parameters} parameters, ${layer.macs} MACs`;
    parts.push(
      `<g><title>${markup(hover)}</title><rect x="${number(x)}" y="${number(y)}" width="${width}" height="${tall}" fill="${colour.fill}"/>`,
      ...rows,
      '</g>',
    );
    if (i > 0)
      parts.push(`<path d="M${number(x)} ${number(y)}h${width}" stroke="${colour.stroke}" stroke-opacity=".45"/>`);
    y += tall;
  });
  const border = PLACE_COLOURS[strips[0]!.layer.place].stroke;
  parts.push(
    `<rect x="${number(x)}" y="${number(top)}" width="${width}" height="${height}" rx="5" fill="none" stroke="${border}"/>`,
  );
  return `<g clip-path="inset(0 round 5px)">${parts.join('')}</g>`;
}

/** A smooth line through points; it leaves and meets each rank vertically. */
function drawLink(points: readonly (readonly [number, number])[]): string {
  const [x0, y0] = points[0]!;
  let path = `M${number(x0)} ${number(y0)}`;
  for (let i = 1; i < points.length; i++) {
    const [ax, ay] = points[i - 1]!;
    const [bx, by] = points[i]!;
    const end = i === points.length - 1 ? by - 5 : by;
    const middle = (ay + end) / 2;
    path +=
      Math.abs(ax - bx) < 0.5
        ? `L${number(bx)} ${number(end)}`
        : `C${number(ax)} ${number(middle)} ${number(bx)} ${number(middle)} ${number(bx)} ${number(end)}`;
  }
  return path;
}

function legend(graph: NetGraph): string {
  const layers = graph.nodes.flatMap((node) => node.layers);
  const card = layers.filter((layer) => layer.place === 'fpga');
  const macs = (list: readonly GraphLayer[]) => list.reduce((sum, layer) => sum + layer.macs, 0);
  const share =
    macs(layers) > 0 ? `, ${((100 * macs(card)) / macs(layers)).toFixed(1)} % of the multiply-accumulates` : '';
  const entry = (x: number, place: 'fpga' | 'host', label: string) => {
    const { fill, stroke } = PLACE_COLOURS[place];
    return `<rect x="${x}" y="44" width="14" height="12" rx="2" fill="${fill}" stroke="${stroke}"/><text x="${x + 20}" y="54" class="legend">${markup(label)}</text>`;
  };
  const first = `card${graph.device ? ` ${graph.device}` : ''}: ${card.length} layers${share}`;
  return [
    `<text x="${MARGIN}" y="30" class="title">${markup(graph.name || 'net')} (${graph.phase})</text>`,
    entry(MARGIN, 'fpga', first),
    entry(MARGIN + 40 + first.length * CHARACTER.small, 'host', `host: ${layers.length - card.length} layers`),
  ].join('');
}

/** A net as one self-contained SVG: data flows down, in-place layers are strips of the box they work on, colours are places. */
export function netSvg(graph: NetGraph): string {
  const strips = graph.nodes.map(stripsOf);
  const placed = placeLayered(strips.map(boxOf), graph.edges);
  const dx = MARGIN;
  const dy = HEAD + MARGIN / 2;
  const width = Math.ceil(Math.max(placed.width, 620) + 2 * MARGIN);
  const height = Math.ceil(placed.height + dy + MARGIN);
  const shift = dx + Math.max(0, (width - 2 * MARGIN - placed.width) / 2);
  const links = graph.edges.map((edge, i) => {
    const path = drawLink(placed.links[i]!.map(([x, y]) => [x + shift, y + dy] as const));
    return `<path class="link" d="${path}"><title>${markup(`${edge.blob} ${shapeText(edge.shape)}`)}</title></path>`;
  });
  const boxes = strips.map((strip, i) => drawBox(strip, placed.boxes[i]!.x + shift, placed.boxes[i]!.y + dy));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<style>text{font-family:system-ui,"Segoe UI",Helvetica,Arial,sans-serif;text-anchor:middle}.name{font-size:12.5px;font-weight:600}.small{font-size:11px}.title{font-size:18px;font-weight:600;text-anchor:start;fill:#222}.legend{font-size:11.5px;text-anchor:start;fill:#444}.link{fill:none;stroke:#7c8494;stroke-width:1.3;marker-end:url(#arrow)}</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" fill="#7c8494"/></marker></defs>
<rect width="${width}" height="${height}" fill="#fff"/>
${legend(graph)}
${links.join('\n')}
${boxes.join('\n')}
</svg>
`;
}
