/**
 * The hand-made views of a frame: statistics of windows of 8 and 16 px, every 4 px. They need no
 * learning and tell what the network learns to overlook: colour, contrast and sharpness.
 *
 * Six channels a pixel: R, G, B and, of the grey g = (R + G + B) / 3, |∂x|, |∂y| and |laplacian|
 * of the 4 neighbours, the border repeated. A window is described by the mean of the six, the
 * standard deviation of the six, and the smallest and largest grey, of pixels scaled to 0..1.
 *
 * A window is made of whole 4×4 blocks, so the frame is read once, into sums over blocks. They are
 * sums of integers (grey is kept as R + G + B), hence exact: a flat window deviates by exactly 0.
 */
import type { Pixels } from './pixels.js';

/** Numbers that describe a window: 6 means, 6 deviations, smallest and largest grey. */
export const STATISTICS = 14;

/** Side of a block, and distance of neighbouring windows, in pixels. */
const BLOCK = 4;

/** Full scale of a colour and, as it is kept, of the grey; then of the six channels. */
const COLOUR = 255;
const GREY = 3 * COLOUR;
const SCALES = [COLOUR, COLOUR, COLOUR, GREY, GREY, GREY] as const;
const CHANNELS = SCALES.length;

/** Where the smallest and the largest grey lie, in sums and in statistics. */
const MIN = 2 * CHANNELS;
const MAX = MIN + 1;

/** What is known of square areas that lie 4 px apart, not yet scaled. */
interface Sums {
  readonly rows: number;
  readonly cols: number;
  /** Pixels of one area. */
  readonly count: number;
  /**
   * [rows, cols, 14]: 6 sums, 6 sums of squares, smallest and largest grey. Of float64, since the
   * squares of 256 pixels, up to 3060² each, exceed 32 bits.
   */
  readonly data: Float64Array;
}

/**
 * Both views of a frame, each [rows, cols, 14] with rows = ⌊(height − window) / 4⌋ + 1 and cols
 * likewise; empty where the window is larger than the frame.
 */
export function statisticsOf(pixels: Pixels): { stat8: Float32Array; stat16: Float32Array } {
  const windows8 = quadruples(blockSums(pixels), 1);
  return { stat8: describe(windows8), stat16: describe(quadruples(windows8, 2)) };
}

/**
 * The one pass over the frame: block by block, so that what is summed up stays in registers. Colours
 * and edges apart, since there are too few registers for both.
 */
function blockSums(pixels: Pixels): Sums {
  const rows = Math.floor(pixels.height / BLOCK);
  const cols = Math.floor(pixels.width / BLOCK);
  const data = new Float64Array(rows * cols * STATISTICS);
  const grey = borderedGrey(pixels);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++, at += STATISTICS) {
      sumColours(data, at, pixels, row * BLOCK, col * BLOCK);
      sumEdges(data, at, grey, pixels.width + 2, row * BLOCK, col * BLOCK);
    }
  }
  return { rows, cols, count: BLOCK * BLOCK, data };
}

/** R + G + B of each pixel, the border repeated once: [height + 2, width + 2]. */
function borderedGrey({ width, height, data }: Pixels): Int32Array {
  const stride = width + 2;
  const grey = new Int32Array(stride * (height + 2));
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
  grey: Int32Array,
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

/** Areas of twice the side: each is made of four, `step` areas apart, that tile it. */
function quadruples(areas: Sums, step: number): Sums {
  const rows = Math.max(0, areas.rows - step);
  const cols = Math.max(0, areas.cols - step);
  const out = new Float64Array(rows * cols * STATISTICS);
  const right = step * STATISTICS;
  const below = step * areas.cols * STATISTICS;
  const { data } = areas;
  for (let row = 0, at = 0; row < rows; row++) {
    let a = row * areas.cols * STATISTICS;
    for (let col = 0; col < cols; col++, a += STATISTICS, at += STATISTICS) {
      const b = a + right;
      const c = a + below;
      const d = b + below;
      for (let i = 0; i < MIN; i++) {
        out[at + i] = data[a + i] + data[b + i] + data[c + i] + data[d + i];
      }
      out[at + MIN] = Math.min(data[a + MIN], data[b + MIN], data[c + MIN], data[d + MIN]);
      out[at + MAX] = Math.max(data[a + MAX], data[b + MAX], data[c + MAX], data[d + MAX]);
    }
  }
  return { rows, cols, count: 4 * areas.count, data: out };
}

/** Means, deviations, minimum and maximum on the scale 0..1: [rows, cols, 14]. */
function describe({ rows, cols, count, data }: Sums): Float32Array {
  const out = new Float32Array(rows * cols * STATISTICS);
  for (let at = 0; at < data.length; at += STATISTICS) {
    for (let c = 0; c < CHANNELS; c++) {
      const sum = data[at + c];
      const full = count * SCALES[c];
      out[at + c] = sum / full;
      // n Σq² − (Σq)² of integers: exact, and never negative.
      out[at + CHANNELS + c] = Math.sqrt(count * data[at + CHANNELS + c] - sum * sum) / full;
    }
    out[at + MIN] = data[at + MIN] / GREY;
    out[at + MAX] = data[at + MAX] / GREY;
  }
  return out;
}
