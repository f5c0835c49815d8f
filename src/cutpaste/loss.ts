/** Cross entropy over the proxy task's classes (CutPaste §2.1, §2.4), with its gradient. */

export interface LossValue {
  /** Mean weighted cross entropy, in nats. */
  readonly loss: number;
  /** Share of the labelled positions whose highest logit is right. */
  readonly accuracy: number;
  /** ∂loss/∂logits [n, classes] */
  readonly gradient: Float32Array;
}

/** No class weighs more than this, however rare it is in a batch. */
const MAX_WEIGHT = 10;

/**
 * Class-balanced cross entropy: a class weighs in inverse proportion to its count, at most 10, and
 * the loss is the weighted mean. Positions labelled −1 are ignored.
 *
 * @param logits [n, classes] @param labels [n], −1 … classes − 1
 */
export function crossEntropy(logits: Float32Array, labels: Int32Array, classes: number): LossValue {
  const weights = classWeights(labels, classes);
  const total = labels.reduce((sum, label) => sum + (label < 0 ? 0 : weights[label]), 0);
  const gradient = new Float32Array(logits.length);
  let loss = 0;
  let right = 0;
  let counted = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label < 0) continue;
    const at = i * classes;
    const best = highestOf(logits, at, classes);
    const top = logits[at + best];
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(logits[at + k] - top);
    const share = weights[label] / total;
    for (let k = 0; k < classes; k++) {
      const probability = Math.exp(logits[at + k] - top) / sum;
      gradient[at + k] = share * (probability - (k === label ? 1 : 0));
    }
    loss += share * (Math.log(sum) + top - logits[at + label]);
    if (best === label) right++;
    counted++;
  }
  return { loss, accuracy: counted === 0 ? 0 : right / counted, gradient };
}

function classWeights(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) if (label >= 0) counts[label]++;
  const all = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => Math.min(MAX_WEIGHT, all / classes / Math.max(1, count)));
}

/** Index of the highest of the values from `at` on; the first of equals. */
export function highestOf(values: Float32Array, at: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[at + k] > values[at + best]) best = k;
  return best;
}
