/** Whether a product always lies the same way, so that a density for each place would pay. */
import { STATISTICS, statisticsOf } from '../frame/statistics.js';
import type { GoodImage } from './images.js';

/** More images change the share by a few hundredths. */
const MAX_IMAGES = 40;

/**
 * The share of what differs within a frame that the place in the frame explains: near 1 where every
 * frame shows the same thing at the same place (print, assemblies), near 0 for a texture. By the
 * statistics of 16 px windows, `shareExplained`.
 *
 * @param images two at least, of one size
 */
export function placeShare(images: readonly GoodImage[]): number {
  function* frames(): Generator<Float32Array> {
    for (const { pixels } of images.slice(0, MAX_IMAGES)) yield statisticsOf(pixels).stat16;
  }
  return shareExplained(frames(), STATISTICS);
}

/**
 * An analysis of variance of each number of a place, less its mean over the frame (so that the
 * light does not count): 1 − variance between the frames at one place / variance over all places
 * and frames, the mean of it over the numbers that vary. Unbiased as ω² is, and so slightly
 * negative at times: noise gives 0 on average, however few the frames are.
 *
 * @param frames two at least, each [places, dim]
 */
export function shareExplained(frames: Iterable<Float32Array>, dim: number): number {
  let n = 0;
  let sums = new Float64Array(); // [places, dim], over the frames
  const squares = new Float64Array(dim); // over places and frames
  for (const frame of frames) {
    const values = centred(frame, dim);
    if (n++ === 0) sums = new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) {
      sums[i] += values[i];
      squares[i % dim] += values[i] ** 2;
    }
  }
  const between = new Float64Array(dim); // n · Σ (mean of a place)²
  for (let i = 0; i < sums.length; i++) between[i % dim] += sums[i] ** 2 / n;
  const varying = [...squares.keys()].filter((d) => squares[d] > 0);
  const shares = varying.map((d) => 1 - ((squares[d] - between[d]) * n) / (squares[d] * (n - 1)));
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}

/** Each number less its mean over the frame. → [places, dim] */
function centred(values: Float32Array, dim: number): Float64Array {
  const sums = new Float64Array(dim);
  for (let i = 0; i < values.length; i++) sums[i % dim] += values[i];
  const places = values.length / dim;
  return Float64Array.from(values, (value, i) => value - sums[i % dim] / places);
}
