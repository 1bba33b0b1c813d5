/** Two-dimensional convolution of one bottom and one top, seen by the engine. [y, x] pairs; channels count all groups. */
export interface ConvolutionGeometry {
  readonly kind: 'convolution';
  readonly batch: number;
  readonly lanes: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outputs: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
  readonly bias: boolean;
}

/** Inner product: `inputs` flattened features to `outputs`. `transposed`: weights stored [inputs][outputs]. */
export interface InnerProductGeometry {
  readonly kind: 'inner-product';
  readonly batch: number;
  readonly lanes: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly transposed: boolean;
  readonly bias: boolean;
}

export type Geometry = ConvolutionGeometry | InnerProductGeometry;
export type Pass = 'forward' | 'backwardData' | 'backwardWeights';

/** What one op of a pass does; the cost model and the descriptor writer read the same numbers. */
export interface PassShape {
  /** Rows n of C: out channels (forward, weights) or in channels (data), over all groups. */
  readonly rows: number;
  /** Blocks of lanes that the batch fills. */
  readonly blocks: number;
}

export function passShape(geometry: Geometry, pass: Pass): PassShape {
  const inputs = geometry.kind === 'convolution' ? geometry.channels : geometry.inputs;
  return {
    rows: pass === 'backwardData' ? inputs : geometry.outputs,
    blocks: Math.ceil(geometry.batch / geometry.lanes),
  };
}
