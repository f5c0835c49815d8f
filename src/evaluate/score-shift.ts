/**
 * Whether the good test images score as the good images that the threshold was calibrated on. Where
 * they do not, camera or light differ, and what an evaluation says of good images is not what the
 * line will see. On MVTec's screw, for one, the good test images are 7 % darker than all others.
 *
 * Cliff's delta (1993) of the two, 2·AUROC − 1, as for drift: 0 where they score alike, ±1 where all
 * test images score higher or lower.
 */
import { shareBelow } from '../localize/calibrate.js';
import type { Calibration } from '../model/manifest.js';

export interface ScoreShift {
  /** −1 … 1 */
  readonly value: number;
  /** Size of the value that chance goes beyond in one evaluation of a hundred; above 0. */
  readonly limit: number;
}

/** Standard deviations of a normal number that one in a hundred is beyond, on either side. */
const DEVIATIONS = 2.576;

/** @param scores of the good test images, at least one */
export function scoreShift(
  scores: readonly number[],
  { quantiles, n }: Pick<Calibration, 'quantiles' | 'n'>,
): ScoreShift {
  const ranks = scores.map((score) => shareBelow(quantiles, score));
  const mean = ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
  // The deviation of Mann and Whitney's U, of all pairs: ranks of both sides scatter.
  const deviation = Math.sqrt((scores.length + n + 1) / (12 * scores.length * n));
  return { value: 2 * mean - 1, limit: 2 * DEVIATIONS * deviation };
}
