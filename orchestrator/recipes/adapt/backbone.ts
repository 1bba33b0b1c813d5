import { createHash } from 'node:crypto';
import { type CutNet, checkLabels, cutNet, type FeatureTable, withSource } from '../../adapt/index.ts';
import { dataError, inputError, type Problem } from '../../core/index.ts';
import { openSource, resolveSource } from '../../data/index.ts';
import { Session, type SessionSettings } from '../../executor/index.ts';
import { buildNet, closeNet, createParams, filterLayers, type Net, type ParamSet } from '../../net/index.ts';
import {
  clear,
  clone,
  DataParameter_DB,
  type NetParameter,
  parseNet,
  printText,
  upgradeNet,
} from '../../proto/index.ts';
import { loadWeights } from '../../snapshot/index.ts';
import { resolvePath } from '../../solver/index.ts';
import { readInput } from '../nets.ts';
import type { AdaptRequest, StreamRange } from './request.ts';

/** Records of one pass through the backbone. */
const BATCH = 64;

const sha256 = (...parts: readonly (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The trained net, cut: its frozen part runs where the session says, in the session's numbers. */
export class Backbone {
  readonly text: NetParameter;
  readonly net: Net;
  readonly params: ParamSet;
  readonly cut: CutNet;
  /** Names text and weights of the backbone and the numbers it computes in. */
  readonly key: string;
  private readonly file: string;
  private readonly seed: number;
  private readonly session: Session;

  private constructor(
    file: string,
    text: NetParameter,
    net: Net,
    params: ParamSet,
    cut: CutNet,
    settings: SessionSettings,
    seed: number,
  ) {
    this.file = file;
    this.text = text;
    this.net = net;
    this.params = params;
    this.cut = cut;
    this.seed = seed;
    // Features come in the numbers the net is deployed with, also where tests of a training would be in fp32.
    const precision = settings.precision && { ...settings.precision, test: 'level' as const };
    this.session = new Session({ ...settings, seed, precision });
    const frozen = clone(cut.backbone);
    // Where records come from is no part of what is made of them.
    for (const layer of frozen.layer) clear(layer, 'data_param');
    const numbers = settings.device === 'host' ? 'host' : `${settings.board}/${settings.config}`;
    this.key = sha256(printText(frozen), this.digest(), numbers, JSON.stringify(settings.precision ?? null));
  }

  /** The device's name, `host` where none was opened. */
  get device(): string {
    return this.session.device?.name ?? 'host';
  }

  static async load(request: AdaptRequest, stream: StreamRange): Promise<Backbone> {
    const text = upgradeNet(parseNet(readInput(request.model, 'net'), request.model));
    // The net's own TEST source need not exist where the net is deployed.
    const net = buildNet(withSource(text, stream.source, BATCH), {
      phase: 'TEST',
      file: request.model,
      seed: request.seed,
    });
    closeNet(net);
    const params = createParams(net, request.seed);
    for (const file of request.weights) await loadWeights(file, net, params);
    return new Backbone(request.model, text, net, params, cutNet(net, request.head), request.session, request.seed);
  }

  /** The source that the TRAIN data layer names. */
  get trainSource(): string {
    const problems: Problem[] = [];
    const layers = filterLayers(this.text, { phase: 'TRAIN', level: 0, stages: new Set() }, problems);
    const source = layers.find((l) => l.type === 'Data')?.data_param?.source;
    if (source) return source;
    throw inputError({
      message: `net '${this.text.name}' has no Data layer for TRAIN`,
      expected: 'records the net was trained on',
      hint: 'name them: --source <source>, or give a generator: --generator-file <file>',
      code: 'no-source',
    });
  }

  /** SHA-256 of the frozen layers' parameters. */
  digest(): string {
    const head = new Set(this.cut.headLayers.map((l) => l.name));
    const frozen = this.net.params.filter((p) => !head.has(this.net.layers[p.layer]!.name));
    return sha256(...frozen.map((p) => bytesOf(this.params.blobs[p.index]!.data)));
  }

  /** Records a range has. */
  count(range: StreamRange): number {
    if (range.count !== undefined) return range.count;
    const layer = this.cut.backbone.layer.find((l) => l.type === 'Data')!;
    const backend = layer.data_param!.backend === DataParameter_DB.LMDB ? 'LMDB' : 'LEVELDB';
    const source = openSource(
      resolveSource(range.source, (path) => resolvePath(path, this.file)),
      backend,
    );
    const { count } = source;
    source.close();
    if (count > range.first) return count - range.first;
    throw dataError({
      message: `${range.source} has ${count} records`,
      expected: `more than ${range.first}`,
      code: 'bad-range',
    });
  }

  /** What the backbone makes of a range of records: one forward pass of each, nothing kept but the features. */
  features(range: StreamRange): FeatureTable {
    const { cut } = this;
    const count = this.count(range);
    const text = withSource(cut.backbone, range.source, BATCH);
    const net = buildNet(text, { phase: 'TEST', file: this.file, seed: this.seed });
    try {
      for (const { layer, type } of net.layers) if (type.isSource) layer.loadState?.({ records: range.first });
      const execution = this.session.execute(net, createParams(net, this.seed, this.params), { training: false });
      const dimension = cut.featureShape.reduce((a, b) => a * b, 1);
      const features = new Float32Array(count * dimension);
      const labels = new Int32Array(count);
      for (let done = 0; done < count; done += BATCH) {
        execution.forward();
        const rows = Math.min(BATCH, count - done);
        features.set(execution.blob(cut.features).data.subarray(0, rows * dimension), done * dimension);
        labels.set(execution.blob(cut.label).data.subarray(0, rows), done);
      }
      execution.close();
      const table = { count, dimension, classes: cut.classes, features, labels };
      checkLabels(table);
      return table;
    } finally {
      closeNet(net);
    }
  }

  close(): void {
    this.session.close();
  }
}

export const bytesOf = (a: ArrayBufferView): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
export { sha256 };
