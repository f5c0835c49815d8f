import type { Pixels, Size } from './pixels.js';

/**
 * Cuts windows of one size out of a frame, row by row: [n, height, width, 3]. The corners are their
 * upper left pixels; the windows must lie within the frame.
 */
export function cutPatches(
  pixels: Pixels,
  corners: readonly { readonly x: number; readonly y: number }[],
  { width, height }: Size,
): Uint8Array {
  const row = width * 3;
  const out = new Uint8Array(corners.length * height * row);
  let to = 0;
  for (const { x, y } of corners) {
    for (let line = y; line < y + height; line++, to += row) {
      const from = (line * pixels.width + x) * 3;
      out.set(pixels.data.subarray(from, from + row), to);
    }
  }
  return out;
}
