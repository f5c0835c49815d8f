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
  const gradient = new Float32Array(logits.length);
  let loss = 0;
  let total = 0;
  let right = 0;
  let counted = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label < 0) continue;
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const top = Math.max(...row);
    const exps = Array.from(row, (v) => Math.exp(v - top));
    const sum = exps.reduce((a, b) => a + b, 0);
    const weight = weights[label];
    loss += weight * (Math.log(sum) + top - row[label]);
    total += weight;
    counted++;
    if (row[label] === top) right++;
    for (let k = 0; k < classes; k++) {
      gradient[i * classes + k] = weight * (exps[k] / sum - (k === label ? 1 : 0));
    }
  }
  if (total === 0) return { loss: 0, accuracy: 0, gradient };
  for (let i = 0; i < gradient.length; i++) gradient[i] /= total;
  return { loss: loss / total, accuracy: right / counted, gradient };
}

function classWeights(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) if (label >= 0) counts[label]++;
  const all = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => Math.min(MAX_WEIGHT, all / classes / Math.max(1, count)));
}
