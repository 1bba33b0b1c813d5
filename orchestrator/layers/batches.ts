import type { Blob, Shape } from '../blob/index.ts';
import { CremaError, dataError } from '../core/index.ts';
import {
  type BatchStream,
  openRecords,
  openStream,
  type RecordShape,
  type StreamSpec,
  transformedShape,
} from '../data/index.ts';
import { isSet, type LayerParameter, spanOf } from '../proto/index.ts';
import type { Layer, LayerContext } from './layer.ts';

/** The batch size of a data layer's message; it has no default, and a net without one has no shapes. */
export function batchSize(
  param: LayerParameter,
  context: LayerContext,
  field: 'data_param' | 'hdf5_data_param' | 'image_data_param' | 'memory_data_param' | 'window_data_param',
): number {
  const message = param[field];
  if (message && message.batch_size > 0) return message.batch_size;
  const missing = !message || !isSet(message, 'batch_size');
  throw new CremaError(context.assumedRecord && missing ? 'data' : 'input', {
    message: missing ? 'no batch_size' : 'batch_size is 0',
    expected: 'an integer ≥ 1',
    path: `${field} > batch_size`,
    span: message ? spanOf(message, missing ? undefined : 'batch_size') : spanOf(param),
    code: missing ? 'not-inferable' : 'batch-size',
  });
}

/** A layer whose tops are the data and labels of a stream of batches (Data, ImageData). */
export class BatchLayer implements Layer {
  readonly params = [];
  private readonly spec: StreamSpec;
  private readonly context: LayerContext;
  private readonly labels: boolean;
  /** Shape of a record where the text alone tells it. */
  private readonly declared: RecordShape | undefined;
  private opened: BatchStream | undefined;
  private ordinal = 0;

  constructor(spec: StreamSpec, context: LayerContext, tops: number, declared: RecordShape | undefined) {
    this.spec = spec;
    this.context = context;
    this.labels = tops > 1;
    this.declared = declared;
  }

  private get stream(): BatchStream {
    if (!this.opened) {
      this.opened = openStream(this.spec);
      this.opened.ordinal = this.ordinal;
    }
    return this.opened;
  }

  reshape(): Shape[] {
    const record = this.declared ?? this.context.assumedRecord;
    const shape = record ? transformedShape(this.spec.transform, record, this.spec.source) : this.stream.shape;
    const data = [this.spec.batch, ...shape];
    return this.labels ? [data, [this.spec.batch]] : [data];
  }

  forward(_: readonly Blob[], tops: readonly Blob[]): void {
    const [data, labels] = tops;
    if (this.context.assumedRecord && this.stream.shape.some((d, i) => d !== data!.shape[i + 1])) {
      throw dataError({
        message: `${this.spec.source} gives ${this.stream.shape.join('×')}, the net was built for ${data!.shape.slice(1).join('×')}`,
        code: 'record-shape',
      });
    }
    this.stream.next(data!.data, labels?.data);
  }

  /** Records given out: crops, mirrors and the place in the source are functions of it. */
  saveState(): unknown {
    return { records: this.opened?.ordinal ?? this.ordinal };
  }

  loadState(state: unknown): void {
    this.ordinal = (state as { records: number }).records;
    if (this.opened) this.opened.ordinal = this.ordinal;
  }

  epochRecords(): number | undefined {
    if (this.spec.backend === 'WINDOWS') return undefined;
    const records = openRecords(this.spec);
    try {
      return records.count;
    } finally {
      records.close();
    }
  }

  privateBytes(): number {
    return this.opened?.bytes ?? 0;
  }

  close(): void {
    this.ordinal = this.opened?.ordinal ?? this.ordinal;
    this.opened?.close();
    this.opened = undefined;
  }
}
