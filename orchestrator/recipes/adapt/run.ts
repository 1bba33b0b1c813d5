import {
  type Decision,
  type FeatureTable,
  generatorKinds,
  histogram,
  MemoryLedger,
  predict,
  Watcher,
} from '../../adapt/index.ts';
import { encodeModel, writeAtomically } from '../../snapshot/index.ts';
import { Backbone, sha256 } from './backbone.ts';
import { RunFiles } from './cache.ts';
import { Head, type HeadWeights } from './head.ts';
import { gatherKnowledge, type Knowledge } from './knowledge.ts';
import { type Accuracies, type Adapted, accuracies } from './methods.ts';
import { type AdaptRequest, checkRequest, parseRange } from './request.ts';
import { retrainingMemory } from './retraining.ts';
import {
  type AdaptState,
  largerPeak,
  type MemoryPeak,
  peakOf,
  readState,
  type SegmentResult,
  type WindowRecord,
  writeState,
} from './state.ts';
import { type AdaptSummary, summarise } from './summary.ts';

export interface AdaptOutcome {
  /** Undefined where the run was stopped: go on with `resume`. */
  readonly summary: AdaptSummary | undefined;
  readonly records: readonly WindowRecord[];
}

/** What a segment of the stream is scored against. */
interface Segment {
  readonly stream: FeatureTable;
  readonly evaluate: FeatureTable | undefined;
  readonly classes: readonly number[];
  readonly labelled: HeadWeights | undefined;
}

/** One run: streams pass by, windows are watched, the head is adapted when they say so. Prints nothing. */
export async function adaptRun(request: AdaptRequest): Promise<AdaptOutcome> {
  checkRequest(request);
  const backbone = await Backbone.load(request, parseRange(request.streams[0]!));
  const head = new Head(backbone.cut, backbone.params, request.training, request.session.threads);
  try {
    return await new AdaptRun(request, backbone, head).run();
  } finally {
    head.close();
    backbone.close();
  }
}

/** Settings that decide the run's numbers. */
const DECIDING = [
  ...(['streams', 'evaluate', 'source', 'validation', 'generatorFile', 'generator', 'head'] as const),
  ...(['seed', 'training', 'watch', 'estimator', 'fit', 'cacheBits'] as const),
];

function runKey(request: AdaptRequest, backbone: Backbone): string {
  return sha256(backbone.key, JSON.stringify(DECIDING.map((setting) => request[setting])));
}

class AdaptRun {
  private readonly request: AdaptRequest;
  private readonly backbone: Backbone;
  private readonly head: Head;
  private readonly files: RunFiles;
  /** What the adaptation itself holds; comparisons have ledgers of their own. */
  private readonly memory = new MemoryLedger();
  private readonly key: string;
  private readonly watcher: Watcher;
  private readonly known: Knowledge;
  private adapted: Adapted | undefined;
  private state: AdaptState;

  constructor(request: AdaptRequest, backbone: Backbone, head: Head) {
    this.request = request;
    this.backbone = backbone;
    this.head = head;
    this.files = new RunFiles(request);
    this.key = runKey(request, backbone);
    this.known = gatherKnowledge(request, backbone, this.files, head, this.memory);
    this.watcher = new Watcher(request.watch, this.known.estimator);
    const { classes } = backbone.cut;
    // Between adaptations: histograms, the shipped head, and a window's features and scores.
    const window = request.watch.window * (head.dimension + classes) * 4;
    const shipped = head.shipped.reduce((sum, w) => sum + w.byteLength, 0);
    this.memory.hold({ watch: this.watcher.bytes(classes) + shipped + window });
    this.state = {
      crema: 1,
      key: this.key,
      segment: 0,
      window: 0,
      adaptations: 0,
      serving: null,
      watcher: this.watcher.save(),
      memory: {},
      records: [],
      segments: [],
    };
  }

  async run(): Promise<AdaptOutcome> {
    const before = this.backbone.digest();
    if (this.request.resume) this.takeUp();
    while (this.state.segment < this.request.streams.length) {
      const segment = await this.open(this.state.segment);
      if (!(await this.pass(segment))) return { summary: undefined, records: this.state.records };
      await this.finish(segment);
    }
    const { text, cut } = this.backbone;
    const { source, training, model, streams } = this.request;
    const records = source ?? parseRange(streams[0]!).source;
    const full = peakOf(
      await retrainingMemory(text, model, parseRange(records).source, training.batch, training.momentum),
    );
    const summary = summarise(this.request, this.state, {
      net: text.name,
      device: this.backbone.device,
      classes: cut.classes,
      dimension: this.head.dimension,
      generatorBytes: this.known.generator.bytes,
      full,
      digests: [before, this.backbone.digest()],
    });
    await this.writeModel();
    writeAtomically(
      this.files.path('adaptation.json'),
      Buffer.from(`${JSON.stringify({ summary, windows: this.state.records }, null, 1)}\n`),
    );
    return { summary, records: this.state.records };
  }

  private takeUp(): void {
    const state = readState(this.files.path('adapt.state.json'), this.key);
    if (!state) return;
    this.state = state;
    this.watcher.load(state.watcher);
    if (!state.serving) return;
    const { adaptation, active, shares } = state.serving;
    this.adapted = { active, shares, heads: this.files.readHeads(this.backbone, adaptation) };
  }

  /** Features of a segment, and its upper bound. */
  private async open(index: number): Promise<Segment> {
    const { streams, evaluate, seed } = this.request;
    const stream = this.files.features(this.backbone, streams[index]!, `stream-${index}`);
    const held = evaluate[index];
    const evaluated = held === undefined ? undefined : this.files.features(this.backbone, held, `evaluate-${index}`);
    const classes = [...new Set(stream.labels)].sort((a, b) => a - b);
    // Scored on the records it was trained on, an upper bound would mean nothing.
    const labelled = evaluated && (await this.trainOnLabels(stream, classes, `labelled/${index}`, seed));
    return { stream, evaluate: evaluated, classes, labelled };
  }

  private async trainOnLabels(
    table: FeatureTable,
    classes: readonly number[],
    name: string,
    seed: number,
  ): Promise<HeadWeights> {
    const memory = new MemoryLedger();
    const all = generatorKinds.get('stored')!.fit(table, { ...this.request.fit, perClass: 0, bits: 32 }, memory);
    const weights = await this.head.train(
      classes,
      (labels, random, out) => all.draw(labels, random, out),
      name,
      seed,
      memory,
    );
    this.note('labelled', memory);
    return weights;
  }

  /** Windows of a segment; false where the run was stopped between two. */
  private async pass(segment: Segment): Promise<boolean> {
    const { window: size } = this.request.watch;
    const { dimension } = this.head;
    const { stream } = segment;
    for (let w = this.state.window; w * size < stream.count; w++) {
      if (this.request.shouldStop?.()) return false;
      const end = Math.min(stream.count, (w + 1) * size);
      const features = stream.features.subarray(w * size * dimension, end * dimension);
      const labels = stream.labels.subarray(w * size, end);
      const seen: FeatureTable = { ...stream, count: end - w * size, features, labels };
      // Scores before the decision are those the window was served with.
      const served = segment.evaluate ? undefined : this.score(segment, seen);
      const said = predict(this.head.scores(this.head.shipped, features), stream.classes);
      const decision = this.watcher.observe(histogram(said, stream.classes));
      await this.act(decision);
      const accuracy = served ?? this.score(segment, segment.evaluate!);
      this.save({ segment: this.state.segment, decision, adaptations: this.state.adaptations, accuracy }, w + 1);
    }
    return true;
  }

  private async act(decision: Decision): Promise<void> {
    const { seed } = this.request;
    if (decision.action === 'fall-back') this.adapted = undefined;
    if (decision.action !== 'adapt') return;
    const { generator, source, sourceMemory } = this.known;
    // A class the generator does not know cannot be trained on: it stays out of training, and out of the mask.
    const active = decision.active.filter((c) => generator.known.includes(c));
    const number = this.state.adaptations + 1;
    const heads: Record<string, HeadWeights> = {
      generated: await this.head.train(
        active,
        (l, r, out) => generator.draw(l, r, out),
        `generated/${number}`,
        seed,
        this.memory,
      ),
    };
    if (source) {
      heads['source'] = await this.head.train(
        active,
        (l, r, out) => source.draw(l, r, out),
        `source/${number}`,
        seed,
        sourceMemory,
      );
      this.note('source', sourceMemory);
    }
    this.note('generated', this.memory);
    this.files.writeHeads(this.backbone, number, heads);
    this.adapted = { active, shares: decision.shares, heads };
    this.state = { ...this.state, adaptations: number };
  }

  private score(segment: Segment, table: FeatureTable): Accuracies {
    return accuracies(
      this.head,
      table,
      this.adapted,
      this.known.sourceShares,
      segment.labelled,
      segment.classes,
      this.known.source !== undefined,
    );
  }

  private note(name: string, memory: MemoryLedger): void {
    const peaks: Record<string, MemoryPeak> = { ...this.state.memory };
    peaks[name] = largerPeak(peaks[name], peakOf(memory));
    this.state = { ...this.state, memory: peaks };
  }

  private save(record: WindowRecord, next: number): void {
    const { adapted, state } = this;
    this.state = {
      ...state,
      window: next,
      serving: adapted ? { adaptation: state.adaptations, active: adapted.active, shares: adapted.shares } : null,
      watcher: this.watcher.save(),
      records: [...state.records, record],
    };
    writeState(this.files.path('adapt.state.json'), this.state);
    const { action, active, reason, window } = record.decision;
    if (action === 'none') return;
    const message = `window ${window}: ${action}, ${reason}${action === 'adapt' ? `: ${active.join(' ')}` : ''}`;
    for (const sink of this.request.sinks) sink({ kind: 'notice', time: 0, message });
  }

  /** Closes a segment: what was found, and how a fresh adaptation to exactly its classes does. */
  private async finish(segment: Segment): Promise<void> {
    const { state, request } = this;
    const records = state.records.filter((r) => r.segment === state.segment);
    const active = records.at(-1)?.decision.active ?? [];
    const at = records.findIndex((r) => r.decision.action === 'adapt');
    const table = segment.evaluate ?? segment.stream;
    const { generator } = this.known;
    const name = `fresh/${state.segment}`;
    const fresh = await this.head.train(
      segment.classes,
      (l, r, out) => generator.draw(l, r, out),
      name,
      request.seed,
      new MemoryLedger(),
    );
    const result: SegmentResult = {
      stream: request.streams[state.segment]!,
      classes: segment.classes,
      active,
      missed: segment.classes.filter((c) => !active.includes(c)).length,
      spurious: active.filter((c) => !segment.classes.includes(c)).length,
      adapted_after: at < 0 ? null : at + 1,
      accuracy: this.score(segment, table),
      fresh: this.freshAccuracy(fresh, table, segment.classes),
    };
    this.state = { ...this.state, segment: state.segment + 1, window: 0, segments: [...state.segments, result] };
    writeState(this.files.path('adapt.state.json'), this.state);
  }

  private freshAccuracy(weights: HeadWeights, table: FeatureTable, classes: readonly number[]): number {
    const adapted: Adapted = { active: classes, shares: [], heads: { generated: weights } };
    return accuracies(this.head, table, adapted, [], undefined, classes, false).generated!;
  }

  /** The whole net with the head that serves at the end: a caffemodel like any other. */
  private async writeModel(): Promise<void> {
    const { net, params, cut } = this.backbone;
    const weights = this.adapted?.heads['generated'] ?? this.head.shipped;
    const layers = new Set(cut.headLayers.map((l) => l.name));
    net.params
      .filter((p) => layers.has(net.layers[p.layer]!.name))
      .forEach((p, i) => void params.blobs[p.index]!.data.set(weights[i]!));
    writeAtomically(this.files.path('adapted.caffemodel'), await encodeModel(net, params, 'binary'));
  }
}
