/**
 * Drift: whether the good frames of today score as the good frames of the calibration did. A dirty
 * lens, a moved lamp or a new batch of material moves them all; a defect moves its own frame.
 *
 * The value is Cliff's delta (1993), 2·AUROC − 1: of all pairs of a recent frame and a calibration
 * frame, the share in which the recent one scores higher, less the share in which it scores lower.
 * It asks nothing of the distribution and has no unit: 0 no drift, ±1 all frames higher or lower.
 *
 * Frames above the threshold are left out on both sides, or a batch of defects would be drift; but
 * never more than half of the window: where most frames are anomalous, it is not the parts.
 */
import type { CalibratedRank } from './calibrated-rank.js';

/** Frames of the window: enough that its chance is small beside that of the calibration. */
const WINDOW = 2000;
/** Judged frames before anything is said. */
const ENOUGH = 100;
/** A rank in steps of 1/RANKS, so that their sum is exact however long the worker runs. */
const RANKS = 65534;
const ANOMALOUS = 65535;

/**
 * How far chance takes the mean of ranks: each side's is normal with deviation √(1/12 per frame).
 * The window is looked at for ever and frames that follow each other resemble each other: 4 of
 * them. The calibration is drawn once: 2.58, one model in a hundred is beyond that.
 *
 * That chance is what makes few images warn late, and no other test would help: a shift of normal
 * scores that doubles false alarms of 5 % is 0.36 deviations, 1.6 standard errors of a mean of 20
 * images; the best test at this level sees it in 17 of 100 models of 20 images, in half of those of 50.
 */
const WINDOW_DEVIATIONS = 4;
const CALIBRATION_DEVIATIONS = 2.58;

/** The size of drift from which it is no chance. @param recent @param calibrated frames */
export function driftLimit(recent: number, calibrated: number): number {
  const deviation = (frames: number) => Math.sqrt(1 / (12 * frames));
  const ofMean =
    WINDOW_DEVIATIONS * deviation(recent) + CALIBRATION_DEVIATIONS * deviation(calibrated);
  return 2 * ofMean;
}

export interface DriftStatus {
  /** −1 … 1, 0: the good frames of today score as those of the calibration did. */
  readonly value: number;
  /** Size of the value from which it is no chance; above 0. */
  readonly limit: number;
  /** The value is beyond the limit, or was and has not come back to half of it. */
  readonly warning: boolean;
  /** Whether the warning began or ended with this frame. */
  readonly changed: boolean;
}

/** The drift of one camera: a window of the ranks of its last frames. */
export class Drift {
  readonly #rank: CalibratedRank;
  /** The last WINDOW judged frames, a ring: a rank, or ANOMALOUS. */
  readonly #recent = new Uint16Array(WINDOW);
  #judged = 0;
  /** Of `#recent`: how many are ANOMALOUS, and the sum of all others. */
  #anomalous = 0;
  #sum = 0;
  #warning = false;

  constructor(rank: CalibratedRank) {
    this.#rank = rank;
  }

  /** Takes the score of the next judged frame in; undefined before there are enough. */
  follow(score: number): DriftStatus | undefined {
    this.#push(score > this.#rank.threshold ? ANOMALOUS : Math.round(this.#rank.of(score) * RANKS));
    if (this.#judged < ENOUGH) return undefined;
    const { value, frames } = this.#value();
    const limit = driftLimit(frames, this.#rank.n);
    const before = this.#warning;
    this.#warning = Math.abs(value) > (before ? limit / 2 : limit);
    return { value, limit, warning: this.#warning, changed: this.#warning !== before };
  }

  #push(entry: number): void {
    const place = this.#judged % WINDOW;
    if (this.#judged >= WINDOW) this.#count(this.#recent[place], -1);
    this.#recent[place] = entry;
    this.#count(entry, 1);
    this.#judged++;
  }

  #count(entry: number, by: 1 | -1): void {
    if (entry === ANOMALOUS) this.#anomalous += by;
    else this.#sum += by * entry;
  }

  /** Anomalous frames that are not left out have the highest rank. */
  #value(): { readonly value: number; readonly frames: number } {
    const held = Math.min(this.#judged, WINDOW);
    const leftOut = Math.min(this.#anomalous, Math.floor(held / 2));
    const frames = held - leftOut;
    const mean = (this.#sum / RANKS + this.#anomalous - leftOut) / frames;
    return { value: 2 * mean - 1, frames };
  }
}
