// Draws docs/house.svg: the rooms of orchestrator/ on their floors, from the imports that are really there.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const ORDER = ['core', 'blob', 'proto', 'native', 'math', 'data', 'layers', 'net', 'device', 'kernels', 'precision', 'prune', 'adapt', 'cost', 'plan', 'executor', 'snapshot', 'solver', 'recipes', 'report', 'cli'];
const SAYS = {
  core: 'errors, events, random streams', blob: 'shape, layout, memory', proto: 'prototxt and caffemodel', native: 'the FFI door', math: 'calls into host/',
  data: 'sources and transforms', layers: 'one file a Caffe type', net: 'the graph', device: 'OpenCL session', kernels: 'what a bitstream can do',
  prune: 'a smaller net', cost: 'cycles, traffic, resources', plan: 'who runs what, where', executor: 'runs a plan', snapshot: 'files of a run', solver: 'update rules, the loop',
  recipes: 'whole procedures', report: 'log, CSV, HTML, trace', cli: 'one file a verb',
};
const house = join(root, 'orchestrator');
const files = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(folder, e.name)) : [join(folder, e.name)]));
const rooms = ORDER.filter((room) => statSync(join(house, room), { throwIfNoEntry: false })?.isDirectory());
const uses = new Map(rooms.map((room) => {
  const text = files(join(house, room)).map((f) => readFileSync(f, 'utf8')).join('\n');
  return [room, rooms.filter((other) => other !== room && new RegExp(`from '(?:\\.\\./)+${other}/`).test(text))];
}));
const floor = new Map();
for (const room of rooms) floor.set(room, Math.max(-1, ...uses.get(room).map((other) => floor.get(other) ?? -1)) + 1);
const floors = [...new Set(floor.values())].sort((a, b) => b - a);
const [width, high, gap, wide] = [920, 46, 24, 190];
const place = new Map();
floors.forEach((level, row) => {
  const list = rooms.filter((room) => floor.get(room) === level);
  list.forEach((room, i) => place.set(room, { x: (width - list.length * (wide + 18)) / 2 + i * (wide + 18) + 9, y: 20 + row * (high + gap) }));
});
const height = 20 + floors.length * (high + gap) + 96;
// A room's nearest rooms below are drawn; what those use in turn is understood.
const reach = (room, seen = new Set()) => {
  for (const other of uses.get(room)) if (!seen.has(other)) { seen.add(other); reach(other, seen); }
  return seen;
};
const arrows = rooms.flatMap((room) => {
  const direct = uses.get(room);
  return direct.filter((other) => !direct.some((via) => via !== other && reach(via).has(other))).map((other) => {
    const [a, b] = [place.get(room), place.get(other)];
    const [x1, y1, x2, y2] = [a.x + wide / 2, a.y + high, b.x + wide / 2, b.y];
    return `<path d="M${x1} ${y1}C${x1} ${y1 + 20} ${x2} ${y2 - 20} ${x2} ${y2}" class="a"/>`;
  });
});
const boxes = rooms.map((room) => {
  const { x, y } = place.get(room);
  return `<rect x="${x}" y="${y}" width="${wide}" height="${high}" rx="8" class="r"/><text x="${x + wide / 2}" y="${y + 19}" class="n">${room}</text><text x="${x + wide / 2}" y="${y + 36}" class="s">${SAYS[room] ?? ''}</text>`;
});
const native = [['host/', 'C++ layers, called by math'], ['sim/', 'the emulated card, opened by device'], ['hls/', 'the engine, run by card and sim']];
const ground = native.map(([name, says], i) => {
  const x = 60 + i * 280;
  const y = height - 66;
  return `<rect x="${x}" y="${y}" width="240" height="${high}" rx="8" class="g"/><text x="${x + 120}" y="${y + 19}" class="n">${name}</text><text x="${x + 120}" y="${y + 36}" class="s">${says}</text>`;
});
const style = '.r{fill:#fff;stroke:#2f6f9f;stroke-width:1.3}.g{fill:#fdf6ea;stroke:#c98a3b;stroke-width:1.3}.a{fill:none;stroke:#9db6c8;stroke-width:1.1}.n{font:600 14px system-ui,sans-serif;text-anchor:middle;fill:#1d1f24}.s{font:11px system-ui,sans-serif;text-anchor:middle;fill:#666c78}';
writeFileSync(join(root, 'docs', 'house.svg'), `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><style>${style}</style><rect width="${width}" height="${height}" fill="#fbfaf7"/>${arrows.join('')}${boxes.join('')}${ground.join('')}</svg>\n`);
