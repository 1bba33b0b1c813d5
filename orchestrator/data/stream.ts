import type { Backend, RecordShape, RecordSource } from './source.ts';
import type { TransformSpec } from './transform.ts';
import { Transformer } from './transform.ts';

/** What a stream of batches is made of, as plain data: it also travels to the loader's thread. */
export interface StreamSpec {
  /** Paths resolved (resolveSource). */
  readonly source: string;
  readonly backend: Backend | 'IMAGES' | 'WINDOWS';
  /** Only for backend IMAGES. */
  readonly images?: ImageListSpec;
  /** Only for backend WINDOWS. */
  readonly windows?: WindowSpec;
  readonly batch: number;
  readonly transform: TransformSpec;
  /** Names the random draws: seed of the run, stream of the layer. */
  readonly seed: number;
  readonly stream: number;
  /** Records passed over before the first (rand_skip). */
  readonly skip: number;
  /** Batches read ahead (data_param.prefetch). */
  readonly prefetch: number;
}

/** A list of picture files and labels (ImageData). */
export interface ImageListSpec {
  readonly root: string;
  readonly shuffle: boolean;
  /** 0 × 0: pictures keep their size. */
  readonly height: number;
  readonly width: number;
  readonly color: boolean;
}

/** How windows of pictures are sampled and cut out (WindowData). */
export interface WindowSpec {
  readonly root: string;
  readonly foreground: number;
  readonly background: number;
  /** Share of a batch that shows an object. */
  readonly fraction: number;
  readonly contextPad: number;
  readonly square: boolean;
}

/** Successive batches of a source, transformed. What comes next depends on the spec and `ordinal` alone. */
export interface BatchStream {
  /** Of one transformed record. */
  readonly shape: RecordShape;
  /** Records given out since training began: the whole state, for snapshots. */
  ordinal: number;
  /** Fills [batch][C][h][w] and, where wanted, [batch] labels. */
  next(data: Float32Array, labels?: Float32Array): void;
  readonly bytes: number;
  close(): void;
}

/** Reads and transforms in the calling thread: for sources in memory, where a batch costs less than a hand-over. */
export class DirectStream implements BatchStream {
  readonly shape: RecordShape;
  ordinal = 0;
  private readonly spec: StreamSpec;
  private readonly source: RecordSource;
  private readonly transformer: Transformer;

  constructor(spec: StreamSpec, source: RecordSource) {
    this.spec = spec;
    this.source = source;
    this.transformer = new Transformer(spec.transform, source, spec);
    this.shape = this.transformer.shape;
  }

  get bytes(): number {
    return this.source.bytes;
  }

  next(data: Float32Array, labels?: Float32Array): void {
    const batch = this.source.read(this.spec.skip + this.ordinal, this.spec.batch);
    this.transformer.run(batch, this.ordinal, data);
    labels?.set(batch.labels);
    this.ordinal += this.spec.batch;
  }

  close(): void {
    this.source.close();
  }
}
