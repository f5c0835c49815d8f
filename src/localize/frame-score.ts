/**
 * One number for a frame: the mean of the highest pixels of its map. CutPaste takes the maximum
 * (Fig. 1, spatial max-pooling); the mean of a small share does not hang on one pixel.
 */
import { PatchlineError } from '../errors.js';
import { select } from './selection.js';

/**
 * The mean of the highest `share` of the pixels, at least of one; a share of 0 is the maximum.
 *
 * One pass that keeps the highest pixels so far: nearly every pixel costs one comparison.
 * Ignores NaN, which `judge` refuses.
 *
 * @param map scores, `[height, width]`.
 * @param share 0 … 1, of the pixels inside the mask. Patchline's default is 0.01.
 * @param mask region of interest, `[height, width]`, non-zero is inside; default everywhere.
 * @throws PatchlineError PL_USAGE if the mask holds no pixel or does not fit the map.
 */
export function frameScore(map: Float32Array, share: number, mask?: Uint8Array): number {
  const pixels = mask === undefined ? map.length : countInside(mask, map.length);
  const count = Math.min(pixels, Math.max(1, Math.round(share * pixels)));
  const kept = new Float32Array(2 * count).fill(Number.NEGATIVE_INFINITY); // half of it to come
  let end = count;
  let lowest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < map.length; i++) {
    if (map[i] > lowest && (mask === undefined || mask[i] !== 0)) {
      kept[end++] = map[i];
      if (end < kept.length) continue;
      lowest = keepHighest(kept, count);
      end = count;
    }
  }
  keepHighest(kept, count);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += kept[i];
  return sum / count;
}

function countInside(mask: Uint8Array, pixels: number): number {
  let inside = 0;
  for (const value of mask) if (value !== 0) inside++;
  if (mask.length === pixels && inside > 0) return inside;
  throw new PatchlineError(
    'PL_USAGE',
    mask.length === pixels
      ? 'The region of interest holds no pixel.'
      : `The region of interest has ${mask.length} pixels, the map ${pixels}.`,
    { disposition: 'usage', hint: 'Give a region of interest of the size of the model’s input.' },
  );
}

/** Keeps the highest `count` of `scores`, twice as many, in front. @returns the lowest of them */
function keepHighest(scores: Float32Array, count: number): number {
  const lowest = select(scores, count);
  scores.copyWithin(0, count).fill(Number.NEGATIVE_INFINITY, count);
  return lowest;
}
