import { elementCount, type Layout, NCHW, type Shape, storedCount } from './layout.ts';
import { Tensor } from './tensor.ts';

/**
 * Caffe's blob: values (`data`) and their gradient (`diff`) of one shape and layout. Either may share its memory with
 * another blob; a tensor may be longer than the blob, which then uses its beginning.
 */
export class Blob {
  readonly name: string;
  readonly shape: Shape;
  readonly layout: Layout;
  readonly dataTensor: Tensor;
  readonly diffTensor: Tensor;
  /** Elements in memory, padding lanes included. */
  readonly length: number;
  private dataView: Float32Array | undefined;
  private diffView: Float32Array | undefined;

  constructor(name: string, shape: Shape, layout: Layout = NCHW, share: { data?: Tensor; diff?: Tensor } = {}) {
    this.name = name;
    this.shape = shape;
    this.layout = layout;
    this.length = storedCount(shape, layout);
    this.dataTensor = share.data ?? new Tensor(name, this.length);
    this.diffTensor = share.diff ?? new Tensor(`${name}.diff`, this.length);
  }

  /** Number of elements, padding lanes not counted. */
  get count(): number {
    return elementCount(this.shape);
  }

  /** Values on the host, in this blob's layout, padding lanes included. */
  get data(): Float32Array {
    this.dataView = viewOf(this.dataTensor, this.length, this.dataView);
    return this.dataView;
  }

  get diff(): Float32Array {
    this.diffView = viewOf(this.diffTensor, this.length, this.diffView);
    return this.diffView;
  }
}

/** The first `length` elements; the same view object while the memory is the same, for callers that cache addresses. */
function viewOf(tensor: Tensor, length: number, cached: Float32Array | undefined): Float32Array {
  const memory = tensor.host;
  if (cached && cached.buffer === memory.buffer) return cached;
  return memory.length === length ? memory : memory.subarray(0, length);
}
