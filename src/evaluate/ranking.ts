import { type Curve, CurveBuilder } from './curve.js';
import { type Scores, Sweep } from './sweep.js';

export interface F1Max {
  /** The highest F1 = 2·TP / (2·TP + FP + FN) of any threshold. */
  readonly f1: number;
  /** The highest threshold that reaches it; a sample counts as anomalous at score ≥ threshold. */
  readonly threshold: number;
}

/**
 * Area under the ROC curve: the share of (anomalous, good) pairs in the right order, a tie counting
 * half. Agrees with scikit-learn's `roc_auc_score`.
 *
 * @param scores [n] finite
 * @param labels [n] 0 good, 1 anomalous; both must occur
 * @throws what `Sweep` throws.
 */
export function auroc(scores: Scores, labels: Uint8Array): number {
  return aurocOf(new Sweep([scores], [labels]));
}

/**
 * Average precision: the sum of (Rₖ − Rₖ₋₁)·Pₖ over the distinct scores, without interpolation.
 * Agrees with scikit-learn's `average_precision_score`. Parameters and errors as for `auroc`.
 */
export function averagePrecision(scores: Scores, labels: Uint8Array): number {
  return averagePrecisionOf(new Sweep([scores], [labels]));
}

/** The best F1 over all thresholds. Parameters and errors as for `auroc`. */
export function f1Max(scores: Scores, labels: Uint8Array): F1Max {
  return f1MaxOf(new Sweep([scores], [labels]));
}

/**
 * The receiver operating characteristic with its corners only: the true-positive over the
 * false-positive rate, from (0, 0) to (1, 1). Parameters and errors as for `auroc`.
 */
export function rocCurve(scores: Scores, labels: Uint8Array): Curve {
  return rocCurveOf(new Sweep([scores], [labels]));
}

/** `rocCurve` of samples that are ranked already. */
export function rocCurveOf({ positives, negatives, ...curve }: Sweep): Curve {
  const { falseAbove, falsePositives, truePositives } = curve;
  const builder = new CurveBuilder();
  const lineTo = (fp: number, tp: number) => builder.lineTo(fp / negatives, tp / positives);
  for (let step = 0; step < truePositives.length; step++) {
    lineTo(falseAbove[step], step === 0 ? 0 : truePositives[step - 1]);
    lineTo(falsePositives[step], truePositives[step]);
  }
  lineTo(negatives, positives);
  return builder.curve;
}

/** `auroc` of samples that are ranked already. */
export function aurocOf({ positives, negatives, ...curve }: Sweep): number {
  let below = 0; // twice the pairs in the right order: an integer, so exact up to 2⁵³
  let before = 0;
  for (let step = 0; step < curve.truePositives.length; step++) {
    const gained = curve.truePositives[step] - before;
    below += gained * (2 * negatives - curve.falseAbove[step] - curve.falsePositives[step]);
    before = curve.truePositives[step];
  }
  return below / (2 * positives * negatives);
}

/** `averagePrecision` of samples that are ranked already. */
export function averagePrecisionOf({ positives, truePositives, falsePositives }: Sweep): number {
  let sum = 0;
  let before = 0;
  for (let step = 0; step < truePositives.length; step++) {
    const found = truePositives[step];
    sum += (found - before) * (found / (found + falsePositives[step]));
    before = found;
  }
  return sum / positives;
}

/** `f1Max` of samples that are ranked already. */
export function f1MaxOf(sweep: Sweep): F1Max {
  let best = { f1: 0, threshold: sweep.thresholds[0] };
  for (let step = 0; step < sweep.thresholds.length; step++) {
    const found = sweep.truePositives[step];
    const f1 = (2 * found) / (found + sweep.falsePositives[step] + sweep.positives);
    if (f1 > best.f1) best = { f1, threshold: sweep.thresholds[step] };
  }
  return best;
}
