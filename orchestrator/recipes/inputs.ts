import { RandomStream } from '../core/index.ts';
import type { Execution } from '../executor/index.ts';
import type { Net } from '../net/index.ts';

/**
 * Fills the tops of Input layers, which hold whatever the caller puts there: standard normal values, and where a loss or
 * an accuracy reads the blob as labels, class numbers in turn.
 */
export function fillInputs(net: Net, execution: Execution, seed: number): void {
  const classes = labelBlobs(net);
  for (const layer of net.layers) {
    if (layer.type.type !== 'Input') continue;
    for (const top of layer.tops) {
      const { data } = execution.blob(top);
      const count = classes.get(top);
      if (count !== undefined) {
        for (let i = 0; i < data.length; i++) data[i] = i % count;
      } else {
        const random = new RandomStream(seed, `input/${top}`);
        for (let i = 0; i < data.length; i++) data[i] = random.normal();
      }
    }
  }
}

const LABEL_READERS = /^(SoftmaxWithLoss|Accuracy|HingeLoss|MultinomialLogisticLoss|InfogainLoss)$/;

/** Blobs that are read as class labels (through splits as well), and how many classes there are. */
function labelBlobs(net: Net): Map<string, number> {
  const labels = new Map<string, number>();
  for (const layer of net.layers) {
    if (!LABEL_READERS.test(layer.type.type) || layer.bottoms.length < 2) continue;
    const scores = net.blobs.get(layer.bottoms[0]!)!.shape;
    labels.set(layer.bottoms[1]!, scores[1] ?? 1);
  }
  for (const layer of [...net.layers].reverse()) {
    if (layer.type.type !== 'Split') continue;
    const known = layer.tops.find((top) => labels.has(top));
    if (known) labels.set(layer.bottoms[0]!, labels.get(known)!);
  }
  return labels;
}
