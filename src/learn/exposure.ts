/** Whether a camera leaves head room: what clips looks the same, with a defect or without. */
import type { GoodImage } from './images.js';

/** Of 255. */
const FULL = 255;

/**
 * The share of all pixels of which a channel would exceed full scale in light that is stronger by
 * `light`: with 0, the share that is at full scale already.
 *
 * @param images one at least
 * @param light a share of 1
 */
export function clippedShare(images: readonly GoodImage[], light: number): number {
  let clipped = 0;
  let pixels = 0;
  for (const { pixels: image } of images) {
    const { data } = image;
    for (let i = 0; i < data.length; i += 3) {
      if (Math.max(data[i], data[i + 1], data[i + 2]) * (1 + light) >= FULL) clipped++;
    }
    pixels += data.length / 3;
  }
  return clipped / pixels;
}
