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
  private readonly dataView: View = { memory: undefined, values: undefined };
  private readonly diffView: View = { memory: undefined, values: undefined };

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
    return viewOf(this.dataTensor, this.length, this.dataView);
  }

  get diff(): Float32Array {
    return viewOf(this.diffTensor, this.length, this.diffView);
  }
}

interface View {
  memory: Float32Array | undefined;
  values: Float32Array | undefined;
}

/** The first `length` elements; the same view object while the memory is the same, for callers that cache addresses. */
function viewOf(tensor: Tensor, length: number, view: View): Float32Array {
  const memory = tensor.host;
  if (view.memory !== memory || !view.values) {
    view.memory = memory;
    view.values = memory.length === length ? memory : memory.subarray(0, length);
  }
  return view.values;
}
