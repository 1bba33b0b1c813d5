import { elementCount, type Layout, NCHW, type Shape, storedCount } from './layout.ts';
import { Tensor } from './tensor.ts';

/** Caffe's blob: values (`data`) and their gradient (`diff`) of one shape and layout. Either may be shared with another blob. */
export class Blob {
  readonly name: string;
  readonly shape: Shape;
  readonly layout: Layout;
  readonly dataTensor: Tensor;
  readonly diffTensor: Tensor;

  constructor(name: string, shape: Shape, layout: Layout = NCHW, share: { data?: Tensor; diff?: Tensor } = {}) {
    this.name = name;
    this.shape = shape;
    this.layout = layout;
    const length = storedCount(shape, layout);
    this.dataTensor = share.data ?? new Tensor(name, length);
    this.diffTensor = share.diff ?? new Tensor(`${name}.diff`, length);
  }

  /** Number of elements, padding lanes not counted. */
  get count(): number {
    return elementCount(this.shape);
  }

  /** Values on the host, in this blob's layout, padding lanes included. */
  get data(): Float32Array {
    return this.dataTensor.host;
  }

  get diff(): Float32Array {
    return this.diffTensor.host;
  }
}
