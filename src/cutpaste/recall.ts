/** How well the proxy classes are told apart, whatever their shares of a batch. */
import { highestOf } from './loss.js';

/**
 * The mean over the classes of the share of their positions whose highest logit is right: 1/classes
 * for whoever does not look at the pixels, be it by always saying the most frequent class. Classes
 * without a position, and positions labelled −1, do not count.
 *
 * @param logits [n, classes] @param labels [n], −1 … classes − 1, not all −1
 */
export function balancedAccuracy(
  logits: Float32Array,
  labels: Int32Array,
  classes: number,
): number {
  const counts = new Array<number>(classes).fill(0);
  const right = new Array<number>(classes).fill(0);
  labels.forEach((label, i) => {
    if (label < 0) return;
    counts[label]++;
    if (highestOf(logits, i * classes, classes) === label) right[label]++;
  });
  const recalls = counts.flatMap((count, k) => (count === 0 ? [] : [right[k] / count]));
  return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
}
