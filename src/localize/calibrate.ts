/**
 * The operating threshold from good frames alone: split-conformal calibration (Vovk et al. 2005;
 * Lei et al. 2018) of the frame scores of good images which the density has not seen.
 */
import { PatchlineError } from '../errors.js';

export interface ConformalThreshold {
  /** A frame is anomalous if its score is above this. */
  readonly value: number;
  readonly requestedAlpha: number;
  /** The false-alarm rate that holds: the requested one, or 1/(n + 1) where n is too small for it. */
  readonly alpha: number;
  /** Good images it was calibrated on. */
  readonly n: number;
  /** `value` is the rank-th smallest score, counted from 1. */
  readonly rank: number;
  /** Indices of the images at and above the rank, highest first: look at these. */
  readonly setBy: readonly number[];
}

/**
 * The ⌈(n + 1)(1 − α)⌉-th smallest of n scores of held-out good frames.
 *
 * Guarantee: if those n frames and the next good one are exchangeable (the order in which they came
 * says nothing), then P(score of the next good frame > value) ≤ alpha, whatever the distribution of
 * the scores. It holds on average over calibration sets; the rate of one given set scatters about
 * it like Beta(n + 1 − rank, rank). A drifting line breaks exchangeability: calibrate again.
 *
 * With n < 1/α − 1 the rank would be n + 1: the highest score is taken and alpha = 1/(n + 1).
 *
 * @throws PatchlineError PL_USAGE if alpha is not inside (0, 1), PL_DATASET without scores,
 * PL_NUMERIC if a score is not finite.
 */
export function conformalThreshold(scores: readonly number[], alpha: number): ConformalThreshold {
  if (!(alpha > 0 && alpha < 1)) {
    throw new PatchlineError(
      'PL_USAGE',
      `Expected a false-alarm rate between 0 and 1, got ${alpha}.`,
      { disposition: 'usage', hint: 'Give 0.01 for one false alarm in a hundred good frames.' },
    );
  }
  assertScores(scores);
  const n = scores.length;
  // ⌈(n+1)(1−α)⌉ = n+1 − ⌊(n+1)α⌋; the tolerance keeps 100 · 0.29 = 28.999… at 29.
  const above = Math.floor((n + 1) * alpha + 1e-9);
  const rank = Math.min(n, n + 1 - above);
  const ascending = scores.map((_, index) => index).sort((a, b) => scores[a] - scores[b]);
  return {
    value: scores[ascending[rank - 1]],
    requestedAlpha: alpha,
    alpha: above === 0 ? 1 / (n + 1) : alpha,
    n,
    rank,
    setBy: ascending.slice(rank - 1).reverse(),
  };
}

/** Calibration images that a false-alarm rate takes: n ≥ 1/α − 1. */
export function heldOutNeeded(alpha: number): number {
  return Math.ceil(1 / alpha - 1 - 1e-9);
}

/**
 * Quantiles with linear interpolation between the order statistics (the default of NumPy, type 7 of
 * Hyndman & Fan), one for each probability of 0 … 1.
 *
 * @throws PatchlineError PL_DATASET without scores, PL_NUMERIC if a score is not finite.
 */
export function quantiles(scores: readonly number[], probabilities: readonly number[]): number[] {
  assertScores(scores);
  const sorted = Float64Array.from(scores).sort();
  return probabilities.map((probability) => {
    const position = probability * (sorted.length - 1);
    const below = Math.floor(position);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  });
}

/** The score that a share `p` of all scores lies below. */
interface Quantile {
  readonly p: number;
  readonly score: number;
}

/** The distribution function that `quantiles` (ascending) are of, straight lines between them. */
export function shareBelow(quantiles: readonly Quantile[], score: number): number {
  const next = quantiles.findIndex((quantile) => quantile.score > score);
  if (next === 0) return 0;
  if (next < 0) return 1;
  const [below, above] = [quantiles[next - 1], quantiles[next]];
  const way = (score - below.score) / (above.score - below.score);
  return below.p + way * (above.p - below.p);
}

/** The quantile that is stored for a probability; NaN where none is. */
export function quantileAt(quantiles: readonly Quantile[], p: number): number {
  return quantiles.find((quantile) => quantile.p === p)?.score ?? Number.NaN;
}

/**
 * Of 100 scores with a tail as long as the exponential distribution has, the highest is so far out
 * once in 60 times; of normal ones hardly ever.
 */
const STRAY = 5;

/**
 * Whether the highest score is alone: more than five times as far above the median as the 90 %
 * quantile is. Such an image shows something else than the others do, or a defect, and where few
 * images set the threshold, this one alone does.
 *
 * @param quantiles ascending; false where they lack 0.5, 0.9 or 1, or have no spread
 */
export function highestIsStray(quantiles: readonly Quantile[]): boolean {
  const [median, high, highest] = [0.5, 0.9, 1].map((p) => quantileAt(quantiles, p));
  return high > median && highest - median > STRAY * (high - median);
}

function assertScores(scores: readonly number[]): void {
  if (scores.length === 0) {
    throw new PatchlineError('PL_DATASET', 'No good frame is left to calibrate on.', {
      disposition: 'usage',
      hint: 'Give more good images; a false-alarm rate of α needs at least 1/α − 1 held-out ones.',
    });
  }
  const bad = scores.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) {
    throw new PatchlineError('PL_NUMERIC', `The score of good frame ${bad} is ${scores[bad]}.`, {
      hint: 'The model is broken: train it again, or look at that image.',
    });
  }
}
