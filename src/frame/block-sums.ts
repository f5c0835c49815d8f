/**
 * What is summed up of each 4×4 block of a frame (see statistics.ts): integers, so that sums of sums
 * stay exact.
 */
import type { Pixels } from './pixels.js';

/** Side of a block in pixels. */
export const BLOCK = 4;

/** R, G, B, and |∂x|, |∂y|, |laplacian| of the grey. */
export const CHANNELS = 6;

/** Where the smallest and the largest grey lie, behind 6 sums and 6 sums of squares. */
export const MIN = 2 * CHANNELS;
export const MAX = MIN + 1;

/** Numbers of a block. */
export const SUMS = MAX + 1;

/** Full scale of a colour and, as it is kept, of the grey. */
export const COLOUR = 255;
export const GREY = 3 * COLOUR;

/** Sums up a frame, one row of blocks after the other. */
export class BlockSums {
  readonly #pixels: Pixels;
  readonly #grey: Int16Array;

  constructor(pixels: Pixels) {
    this.#pixels = pixels;
    this.#grey = borderedGrey(pixels);
  }

  /** → `out` [cols, 14] of a row of whole blocks */
  row(row: number, out: Float64Array): void {
    const pixels = this.#pixels;
    const grey = this.#grey;
    const top = row * BLOCK;
    // Colours and edges apart: there are too few registers for both.
    for (let at = 0, left = 0; at < out.length; at += SUMS, left += BLOCK) {
      sumColours(out, at, pixels, top, left);
      sumEdges(out, at, grey, pixels.width + 2, top, left);
    }
  }
}

/** R + G + B of each pixel, the border repeated once: [height + 2, width + 2]. */
function borderedGrey({ width, height, data }: Pixels): Int16Array {
  const stride = width + 2;
  const grey = new Int16Array(stride * (height + 2));
  for (let y = 0, at = 0; y < height; y++) {
    const row = (y + 1) * stride + 1;
    for (let x = 0; x < width; x++, at += 3) {
      grey[row + x] = data[at] + data[at + 1] + data[at + 2];
    }
    grey[row - 1] = grey[row];
    grey[row + width] = grey[row + width - 1];
  }
  grey.copyWithin(0, stride, 2 * stride);
  grey.copyWithin((height + 1) * stride, height * stride, (height + 1) * stride);
  return grey;
}

/** R, G and B of a block, and their squares. */
function sumColours(
  sums: Float64Array,
  at: number,
  { width, data }: Pixels,
  top: number,
  left: number,
): void {
  let r = 0;
  let g = 0;
  let b = 0;
  let rr = 0;
  let gg = 0;
  let bb = 0;
  for (let y = top; y < top + BLOCK; y++) {
    const start = (y * width + left) * 3;
    for (let i = start; i < start + 3 * BLOCK; i += 3) {
      const red = data[i];
      const green = data[i + 1];
      const blue = data[i + 2];
      r += red;
      g += green;
      b += blue;
      rr += red * red;
      gg += green * green;
      bb += blue * blue;
    }
  }
  sums[at] = r;
  sums[at + 1] = g;
  sums[at + 2] = b;
  sums[at + CHANNELS] = rr;
  sums[at + CHANNELS + 1] = gg;
  sums[at + CHANNELS + 2] = bb;
}

/** What the grey of a block does: slopes, laplacian, their squares, and its extremes. */
function sumEdges(
  sums: Float64Array,
  at: number,
  grey: Int16Array,
  stride: number,
  top: number,
  left: number,
): void {
  let dx = 0;
  let dy = 0;
  let l = 0;
  let xx = 0;
  let yy = 0;
  let ll = 0;
  let min: number = GREY; // an integer: Infinity would make all of this floating-point
  let max = 0;
  for (let y = top; y < top + BLOCK; y++) {
    const start = (y + 1) * stride + left + 1;
    for (let i = start; i < start + BLOCK; i++) {
      const g = grey[i];
      const west = grey[i - 1];
      const east = grey[i + 1];
      const north = grey[i - stride];
      const south = grey[i + stride];
      const across = Math.abs(east - west);
      const down = Math.abs(south - north);
      const laplacian = Math.abs(west + east + north + south - 4 * g);
      dx += across;
      dy += down;
      l += laplacian;
      xx += across * across;
      yy += down * down;
      ll += laplacian * laplacian;
      if (g < min) min = g;
      if (g > max) max = g;
    }
  }
  sums[at + 3] = dx;
  sums[at + 4] = dy;
  sums[at + 5] = l;
  sums[at + CHANNELS + 3] = xx;
  sums[at + CHANNELS + 4] = yy;
  sums[at + CHANNELS + 5] = ll;
  sums[at + MIN] = min;
  sums[at + MAX] = max;
}
