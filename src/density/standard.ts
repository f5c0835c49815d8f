/** Scores made comparable: in deviations from the mean of held-out good scores. */
import { PatchlineError } from '../errors.js';

export interface Standard {
  readonly mean: number;
  /** Above 0. */
  readonly deviation: number;
}

/**
 * What float32 can still tell apart, relative to the mean (or to 1, the scale of distances in a
 * whitened space): good scores that are all equal must not make a divisor of 0.
 */
const FLOOR = 1e-6;

/** Mean and deviation (divided by n) of `scores`. Throws PL_NUMERIC without scores or with a NaN. */
export function standardisation(scores: Float32Array): Standard {
  const n = scores.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += scores[i];
  const mean = sum / n;
  if (!Number.isFinite(mean)) {
    const fault =
      n === 0 ? 'There are no held-out good scores' : 'A held-out good score is NaN or infinite';
    throw new PatchlineError('PL_NUMERIC', `${fault}: they cannot be standardised`, {
      hint: 'Give more good images, and check that none is blank or damaged.',
    });
  }
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (scores[i] - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / n), FLOOR * Math.max(1, Math.abs(mean)));
  return { mean, deviation };
}

/** (score − mean)/deviation of each. */
export function standardise(scores: Float32Array, { mean, deviation }: Standard): Float32Array {
  const out = new Float32Array(scores.length);
  for (let i = 0; i < out.length; i++) out[i] = (scores[i] - mean) / deviation;
  return out;
}
