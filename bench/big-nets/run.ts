// One measured process: one iteration of one net on one device. Writes what came out to a file, prints one JSON row.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Session } from '../../orchestrator/executor/index.ts';
import { createParams } from '../../orchestrator/net/index.ts';
import { fillInputs } from '../../orchestrator/recipes/index.ts';
import { chooseNets } from './choose.ts';
import { compareLayers, type LayerDifference } from './per-layer.ts';
import { buildCalibration, buildRunnable, makeRunnable } from './rewrite.ts';

/** A tensor in the file of results: float32, one after another. */
export interface Result {
  readonly kind: 'output' | 'gradient' | 'activation';
  /** Compared together: a blob, or all gradients of one layer. */
  readonly group: string;
  readonly count: number;
}

export interface Row {
  readonly net: string;
  readonly file: string;
  readonly training: boolean;
  readonly batch: number;
  readonly device: string;
  readonly lanes: number;
  readonly layers: number;
  readonly onCard: number;
  readonly onHost: number;
  readonly macs: number;
  readonly cardMacs: number;
  /** Bytes planned and in use after the iteration. */
  readonly planned: { readonly blobs: number; readonly parameters: number; readonly layers: number };
  readonly used: { readonly blobs: number; readonly parameters: number; readonly layers: number };
  readonly ms: { readonly forward: number; readonly backward: number };
  readonly launches: number;
  readonly peakRss: number;
  /** Resident before anything of the plan was allocated. */
  readonly baseRss: number;
  /** Training on a card with every blob kept. */
  readonly perLayer?: LayerDifference | undefined;
  /** In the order of the file of results. */
  readonly results: readonly Result[];
  /** Every blob that a layer made, where all are kept; in a second file. */
  readonly activations: readonly Result[];
}

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '' },
    net: { type: 'string' },
    batch: { type: 'string', default: '1' },
    device: { type: 'string', default: 'host' },
    keep: { type: 'boolean', default: false },
    nudge: { type: 'boolean', default: false },
    results: { type: 'string', default: '' },
  },
});

const [chosen] = chooseNets(values.corpus, values.net);
const runnable = makeRunnable(chosen!, Number(values.batch));
const session = new Session({ device: values.device, board: 'u250', config: 'f32', memory: 'shared' });
const net = buildRunnable(runnable, chosen!.file);
const baseRss = process.memoryUsage().rss;

const calibration = buildCalibration(runnable, chosen!.file);
const statistics = calibration && createParams(calibration, 1);
if (calibration && statistics) {
  const host = new Session({ device: 'host', board: '', config: '' }).execute(calibration, statistics, {
    training: false,
  });
  fillInputs(calibration, host, 1);
  host.forward();
  host.close();
}
const params = createParams(net, 1, statistics);
const execution = session.execute(net, params, { training: runnable.training, keepBlobs: values.keep });
fillInputs(net, execution, 1);
if (values.nudge) nudgeImages();

/** Moves every value of the images by one rounding: how much the net itself makes of such a difference. */
function nudgeImages(): void {
  for (const layer of net.layers) {
    if (layer.type.type !== 'Input') continue;
    const { data, shape } = execution.blob(layer.tops[0]!);
    if (shape.length === 4)
      for (let i = 0; i < data.length; i++) data[i]! *= 1 + (i % 2 === 0 ? 2 ** -23 : -(2 ** -23));
  }
}

/** Linux keeps the parent's peak in getrusage across exec, so the process's own is read where there is /proc. */
function peakResident(): number {
  const file = '/proc/self/status';
  const own = existsSync(file) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'latin1')) : null;
  return (own ? Number(own[1]) : process.resourceUsage().maxRSS) * 1024;
}

const start = performance.now();
execution.forward();
execution.settle();
const middle = performance.now();
if (runnable.training) execution.backward(false);
execution.collectGradients();
execution.settle();
const end = performance.now();
const used = execution.memoryBytes();
const peakRss = peakResident();

const results: Result[] = [];
let out = openSync(values.results, 'w');
const save = (kind: Result['kind'], group: string, data: Float32Array): Result => {
  writeSync(out, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { kind, group: `${kind} ${group}`, count: data.length };
};
for (const { blob, values: data } of execution.outputs()) results.push(save('output', blob, data));
if (runnable.training) {
  for (const index of net.learnable) {
    const { layer, slot } = net.params[index]!;
    const blob = params.blobs[index]!;
    if (net.layers[layer]!.paramPropagate[slot]) results.push(save('gradient', net.layers[layer]!.name, blob.diff));
  }
}
closeSync(out);
const activations: Result[] = [];
if (values.keep) {
  out = openSync(`${values.results}.activations`, 'w');
  const ids = [...net.blobs.values()].filter((b) => b.named && net.layers[b.producer]!.bottoms.length > 0);
  for (const { id } of ids) activations.push(save('activation', id, execution.blob(id).data));
  closeSync(out);
}

const perLayer = values.keep && runnable.training && values.device !== 'host' ? compareLayers(execution) : undefined;
const { plan } = execution;
const onCard = plan.placements.filter((p) => p.place === 'fpga');
const row: Row = {
  net: chosen!.name,
  file: chosen!.file,
  training: runnable.training,
  batch: net.batch,
  device: values.device,
  lanes: plan.lanes,
  layers: net.layers.length,
  onCard: onCard.length,
  onHost: net.layers.length - onCard.length,
  macs: net.layers.reduce((sum, l) => sum + l.macs, 0),
  cardMacs: onCard.reduce((sum, p) => sum + net.layers[p.layer]!.macs, 0),
  planned: { blobs: plan.blobBytes, parameters: plan.parameterBytes, layers: plan.layerBytes },
  used,
  ms: { forward: middle - start, backward: end - middle },
  launches: session.device?.counters.launches ?? 0,
  peakRss,
  baseRss,
  perLayer,
  results,
  activations,
};
process.stdout.write(`${JSON.stringify(row)}\n`);
execution.close();
session.close();
