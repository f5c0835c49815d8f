/**
 * One number for a frame: the mean of the highest pixels of its map. CutPaste takes the maximum
 * (Fig. 1, spatial max-pooling); the mean of a small share does not hang on one pixel.
 */
import { PatchlineError } from '../errors.js';

/**
 * The mean of the highest `share` of the pixels, at least of one; a share of 0 is the maximum.
 *
 * One pass with a heap of the highest pixels so far: nearly every pixel costs one comparison.
 * Ignores NaN, which `judge` refuses.
 *
 * @param map scores, `[height, width]`.
 * @param share 0 … 1, of the pixels inside the mask. Patchline's default is 0.01.
 * @param mask region of interest, `[height, width]`, non-zero is inside; default everywhere.
 * @throws PatchlineError PL_USAGE if the mask holds no pixel or does not fit the map.
 */
export function frameScore(map: Float32Array, share: number, mask?: Uint8Array): number {
  const pixels = mask === undefined ? map.length : countInside(mask, map.length);
  const highest = new Float32Array(Math.min(pixels, Math.max(1, Math.round(share * pixels))));
  highest.fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < map.length; i++) {
    if (map[i] > highest[0] && (mask === undefined || mask[i] !== 0))
      replaceLowest(highest, map[i]);
  }
  let sum = 0;
  for (const score of highest) sum += score;
  return sum / highest.length;
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

/** Puts `score` in the place of the root of a min-heap and restores the heap. */
function replaceLowest(heap: Float32Array, score: number): void {
  let parent = 0;
  for (let child = 1; child < heap.length; child = 2 * parent + 1) {
    if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= score) break;
    heap[parent] = heap[child];
    parent = child;
  }
  heap[parent] = score;
}
