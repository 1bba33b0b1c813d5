import { CremaError } from '../core/index.ts';
import type { Execution } from '../executor/index.ts';

const finite = (values: Float32Array): boolean => {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
};

/** The first thing in execution order that holds a value that is not finite, in words. */
function firstCulprit(execution: Execution): string | undefined {
  for (const layer of execution.net.layers) {
    const param = layer.params.find((i) => !finite(execution.params.blobs[i]!.data));
    if (param !== undefined) return `parameter ${execution.net.params[param]!.key} of layer '${layer.name}'`;
    for (const top of layer.tops) {
      if (!finite(execution.blob(top).data)) return `blob '${top}', made by layer '${layer.name}' (${layer.type.type})`;
    }
  }
  return undefined;
}

/** The error of a run whose loss is no number any more. */
export function divergence(execution: Execution, iteration: number, loss: number, rate: number): CremaError {
  const culprit = firstCulprit(execution);
  return new CremaError('diverged', {
    message: `the loss of iteration ${iteration} is ${loss}${culprit ? `; the first value that is not finite is in ${culprit}` : ''}`,
    hint: `the learning rate is ${rate}: try a smaller base_lr, or clip_gradients`,
    code: 'diverged',
  });
}
