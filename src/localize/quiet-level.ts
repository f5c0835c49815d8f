/**
 * What all of a frame has in common is no defect of a place: another lamp, another batch of material
 * or a softer focus lift the scores of every cell. Scores less that level show what stands out from
 * its own frame.
 */
import { select } from './selection.js';

/**
 * The ⌈n/4⌉-th smallest of n scores, their lower quartile: a defect may cover three quarters of the
 * frame before it moves this, where it moves the mean at once and the median from a half on.
 */
export function quietLevel(scores: Float32Array): number {
  return select(scores.slice(), Math.ceil(scores.length / 4) - 1);
}
