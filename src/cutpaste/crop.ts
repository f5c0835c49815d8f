import { PatchlineError } from '../errors.js';
import type { Pixels } from '../frame/pixels.js';
import type { Random } from '../random.js';
import { PATCH_SIDE, STRIDE } from './options.js';

/** A square piece of a training image. */
export interface Crop {
  readonly side: number;
  /** [side, side, 3], 0…1 */
  readonly data: Float32Array;
}

/**
 * The random crop c of CutPaste §2.4, Eq. 3: crop first, then cut and paste, so that no augmented
 * crop misses its patch. Its position is also the random translation of §2.1.
 *
 * @param data where the crop is written, [side, side, 3]
 */
export function drawCrop(
  image: Pixels,
  side: number,
  random: Random,
  data: Float32Array = new Float32Array(side * side * 3),
): Crop {
  const x = random.integer(0, image.width - side);
  const y = random.integer(0, image.height - side);
  let at = 0;
  for (let row = y; row < y + side; row++) {
    const start = (row * image.width + x) * 3;
    for (let i = start; i < start + side * 3; i++) data[at++] = image.data[i] / 255;
  }
  return { side, data };
}

/**
 * The side that crops of these images get: `wanted`, or the largest multiple of the stride that
 * fits the smallest image.
 *
 * @throws PatchlineError PL_IMAGE_SIZE (usage) where an image is smaller than a patch
 */
export function cropSide(images: readonly Pixels[], wanted: number): number {
  const small = images.find(({ width, height }) => Math.min(width, height) < PATCH_SIDE);
  if (small !== undefined) {
    throw new PatchlineError(
      'PL_IMAGE_SIZE',
      `a training image is ${small.width}×${small.height} px, a patch ${PATCH_SIDE}×${PATCH_SIDE}`,
      { disposition: 'usage', hint: `train on images of at least ${PATCH_SIDE} px a side` },
    );
  }
  const fitting = images.reduce((s, { width, height }) => Math.min(s, width, height), wanted);
  return fitting - (fitting % STRIDE);
}
