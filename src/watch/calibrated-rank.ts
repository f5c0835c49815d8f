import { shareBelow } from '../localize/calibrate.js';
import type { Calibration } from '../model/manifest.js';

/**
 * Where a score lies among the good frames of the calibration that the threshold calls ok. Pure.
 *
 * A good frame of today is as likely to have any rank as any other: the ranks of good frames are
 * uniform on 0 … 1, whatever the distribution of the scores.
 */
export class CalibratedRank {
  /** Held-out good frames behind it. */
  readonly n: number;
  readonly threshold: number;
  readonly #quantiles: Calibration['quantiles']; // ascending; at least two
  /** Share of the calibration's frames at or below the threshold; above 0. */
  readonly #ok: number;

  private constructor({ quantiles, threshold, n }: Pick<Calibration, keyof CalibrationScores>) {
    this.n = n;
    this.threshold = threshold;
    this.#quantiles = quantiles;
    this.#ok = shareBelow(quantiles, threshold);
  }

  /** Undefined where the calibration tells no distribution below the threshold. */
  static of(calibration: CalibrationScores): CalibratedRank | undefined {
    if (calibration.quantiles.length < 2) return undefined;
    const rank = new CalibratedRank(calibration);
    return rank.#ok > 0 ? rank : undefined;
  }

  /** 0 … 1 for a score that is not above the threshold. */
  of(score: number): number {
    return Math.min(1, shareBelow(this.#quantiles, score) / this.#ok);
  }
}

type CalibrationScores = Pick<Calibration, 'quantiles' | 'threshold' | 'n'>;
