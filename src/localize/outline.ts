/** A mask laid over its frame, for a person who compares it with the map. */
import type { Pixels, Size } from '../frame/pixels.js';

const WHITE = 255;
const BLACK = 16;
/** Lines between the mask and its outline, a line being 1 px for each 256 px of the shorter side. */
const GAP = 2;

/**
 * The frame with an outline around the mask, white on a dark edge, clear of the mask itself: many
 * defects are no wider than a line.
 *
 * @param mask `[pixels.height, pixels.width]`, non-zero is defective
 * @returns new pixels of the same size
 */
export function renderOutline(pixels: Pixels, mask: Uint8Array): Pixels {
  const { width, height } = pixels;
  const line = Math.max(1, Math.round(Math.min(width, height) / 256));
  const distance = distanceTo(mask, { width, height });
  const data = pixels.data.slice();
  for (let i = 0; i < distance.length; i++) {
    const lines = Math.ceil(distance[i] / line);
    if (lines === GAP + 1) data.fill(WHITE, 3 * i, 3 * i + 3);
    else if (lines === GAP + 2) data.fill(BLACK, 3 * i, 3 * i + 3);
  }
  return { width, height, data };
}

/**
 * Chessboard distance of each pixel to the mask, 0 inside it: one pass from the top left, one back
 * (Rosenfeld & Pfaltz, 1966). → [height, width], all `Infinity` where the mask is empty
 */
export function distanceTo(mask: Uint8Array, { width, height }: Size): Float32Array {
  const distance = Float32Array.from(mask, (inside) => (inside ? 0 : Number.POSITIVE_INFINITY));
  const relax = (x: number, y: number, step: 1 | -1): void => {
    const i = y * width + x;
    const take = (nx: number, ny: number): void => {
      if (nx < 0 || nx >= width || ny < 0 || ny >= height) return;
      distance[i] = Math.min(distance[i], distance[ny * width + nx] + 1);
    };
    take(x - step, y);
    for (const dx of [-1, 0, 1]) take(x + dx, y - step);
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) relax(x, y, 1);
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) relax(x, y, -1);
  return distance;
}
