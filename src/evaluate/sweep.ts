import { PatchlineError } from '../errors.js';

export type Scores = Float32Array | Float64Array;

/**
 * Scores of good and anomalous samples (pixels or images), ranked once for every metric.
 *
 * Lowering a threshold past a good score only adds false positives, so all that the metrics of the
 * field ask for happens at the distinct scores of the anomalous samples, and only those are kept.
 * At threshold j the curve goes flat to `falseAbove[j]` false positives, then straight to
 * (`falsePositives[j]`, `truePositives[j]`): the second step slants where good samples tie with
 * anomalous ones, which is how scikit-learn counts ties.
 */
export class Sweep {
  /** Number of anomalous samples, at least 1. */
  readonly positives: number;
  /** Number of good samples, at least 1. */
  readonly negatives: number;
  /** [m] The distinct scores of the anomalous samples, highest first. */
  readonly thresholds: Float64Array;
  /** [m] Anomalous samples with score ≥ threshold. */
  readonly truePositives: Uint32Array;
  /** [m] Good samples with score > threshold. */
  readonly falseAbove: Uint32Array;
  /** [m] Good samples with score ≥ threshold. */
  readonly falsePositives: Uint32Array;

  /**
   * Holds one copy of the scores while it sorts: 30 M pixels take 120 MB beside the maps.
   *
   * @param scores the samples in any number of parts, say one a frame
   * @param labels the same parts: 0 is good, anything else anomalous
   * @throws PatchlineError PL_NUMERIC if a score is not finite; RangeError if parts differ in
   *   length or one of the two classes is empty.
   */
  constructor(scores: readonly Scores[], labels: readonly Uint8Array[]) {
    const { anomalous, good } = splitByLabel(scores, labels);
    anomalous.sort(); // typed arrays without a comparator sort natively and in place
    good.sort();
    const steps = countDistinct(anomalous);
    this.positives = anomalous.length;
    this.negatives = good.length;
    this.thresholds = new Float64Array(steps);
    this.truePositives = new Uint32Array(steps);
    this.falseAbove = new Uint32Array(steps);
    this.falsePositives = new Uint32Array(steps);

    let a = anomalous.length; // samples from a and from g on are already above the threshold
    let g = good.length;
    for (let step = 0; step < steps; step++) {
      const threshold = anomalous[a - 1];
      while (a > 0 && anomalous[a - 1] === threshold) a--;
      while (g > 0 && good[g - 1] > threshold) g--;
      this.falseAbove[step] = good.length - g;
      while (g > 0 && good[g - 1] === threshold) g--;
      this.falsePositives[step] = good.length - g;
      this.truePositives[step] = anomalous.length - a;
      this.thresholds[step] = threshold;
    }
  }
}

/** Copies the scores of either class into an array of its own. */
function splitByLabel(
  scores: readonly Scores[],
  labels: readonly Uint8Array[],
): { anomalous: Scores; good: Scores } {
  const total = scores.reduce((sum, part) => sum + part.length, 0);
  const positives = countAnomalous(labels);
  if (positives === 0 || positives === total) {
    throw new RangeError(`${positives} of ${total} samples are anomalous, expected some of each`);
  }
  const kind = scores.every((part) => part instanceof Float32Array) ? Float32Array : Float64Array;
  const anomalous = new kind(positives);
  const good = new kind(total - positives);
  let a = 0;
  let g = 0;
  for (const [part, values] of scores.entries()) {
    const marks = labels[part];
    if (marks?.length !== values.length) {
      throw new RangeError(`part ${part}: ${values.length} scores, ${marks?.length} labels`);
    }
    for (let i = 0; i < values.length; i++) {
      const score = values[i];
      if (!Number.isFinite(score)) throw notFinite(score, part, i);
      if (marks[i] !== 0) anomalous[a++] = score;
      else good[g++] = score;
    }
  }
  return { anomalous, good };
}

/** Number of samples that are labelled anomalous. */
export function countAnomalous(labels: readonly Uint8Array[]): number {
  let count = 0;
  for (const part of labels) for (let i = 0; i < part.length; i++) if (part[i] !== 0) count++;
  return count;
}

function countDistinct(sorted: Scores): number {
  let count = 1;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) count++;
  return count;
}

function notFinite(score: number, part: number, index: number): PatchlineError {
  return new PatchlineError('PL_NUMERIC', `scores[${part}][${index}] is ${score}`, {
    hint: 'A model that gives such scores is broken: train or calibrate it again.',
  });
}
