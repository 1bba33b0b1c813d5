import {
  confusion,
  confusionShares,
  countShares,
  type FeatureGenerator,
  type FeatureTable,
  generatorKinds,
  MemoryLedger,
  predict,
  type ShareEstimator,
  sharesOf,
} from '../../adapt/index.ts';
import { RandomStream } from '../../core/index.ts';
import { writeAtomically } from '../../snapshot/index.ts';
import { readInput } from '../nets.ts';
import type { Backbone } from './backbone.ts';
import type { RunFiles } from './cache.ts';
import type { Head } from './head.ts';
import type { AdaptRequest } from './request.ts';

/** What is known of the source where the net is deployed. */
export interface Knowledge {
  readonly generator: FeatureGenerator;
  /** Stored features of the real source, for comparison; undefined where only a generator is given. */
  readonly source: FeatureGenerator | undefined;
  readonly sourceShares: Float64Array;
  readonly estimator: ShareEstimator;
  /** Counts the comparison's buffers apart from the method's. */
  readonly sourceMemory: MemoryLedger;
}

/** Draws per class the confusion is learned from where there is no validation set. */
const CONFUSION_DRAWS = 100;
const SMOOTHING = 0.1;

/** Fits or reads the generator; its buffers are counted in `memory`. */
export function gatherKnowledge(
  request: AdaptRequest,
  backbone: Backbone,
  files: RunFiles,
  head: Head,
  memory: MemoryLedger,
): Knowledge {
  const sourceMemory = new MemoryLedger();
  const kind = generatorKinds.get(request.generator)!;
  const { classes } = backbone.cut;
  if (request.generatorFile !== undefined) {
    const generator = kind.decode(
      readInput(request.generatorFile, 'generator'),
      request.generatorFile,
      backbone.key,
      memory,
    );
    const sourceShares = new Float64Array(classes).fill(1 / classes);
    const estimator =
      request.estimator === 'count' ? countShares : confusionEstimator(drawn(generator, request.seed), head);
    return { generator, source: undefined, sourceShares, estimator, sourceMemory };
  }
  const table = files.features(backbone, request.source ?? backbone.trainSource, 'source');
  const path = files.path('generator.crema');
  const fitted = kind.fit(table, request.fit, new MemoryLedger());
  writeAtomically(path, fitted.encode(backbone.key));
  fitted.release();
  return {
    // Read back, so that what serves here is what a device would get.
    generator: kind.decode(readInput(path, 'generator'), path, backbone.key, memory),
    source: generatorKinds.get('stored')!.fit(table, { ...request.fit, perClass: 0, bits: 32 }, sourceMemory),
    sourceShares: sharesOf(table),
    estimator:
      request.estimator === 'count'
        ? countShares
        : confusionEstimator(heldOut(request, backbone, files) ?? table, head),
    sourceMemory,
  };
}

const heldOut = (request: AdaptRequest, backbone: Backbone, files: RunFiles) =>
  request.validation === undefined ? undefined : files.features(backbone, request.validation, 'validation');

function drawn(generator: FeatureGenerator, seed: number): FeatureTable {
  const { known, dimension, classes } = generator;
  const labels = Int32Array.from({ length: known.length * CONFUSION_DRAWS }, (_, i) => known[i % known.length]!);
  const features = new Float32Array(labels.length * dimension);
  generator.draw(labels, new RandomStream(seed, 'adapt/confusion'), features);
  return { count: labels.length, dimension, classes, features, labels };
}

function confusionEstimator(table: FeatureTable, head: Head): ShareEstimator {
  const said = predict(head.scores(head.shipped, table.features), table.classes);
  return confusionShares(confusion(said, table.labels, table.classes, SMOOTHING), table.classes);
}
