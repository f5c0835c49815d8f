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

/** Every pixel of whole blocks, added to the block that it lies in: the one pass over the frame. */
function blockSums(pixels: Pixels): Sums {
  const rows = Math.floor(pixels.height / BLOCK);
  const cols = Math.floor(pixels.width / BLOCK);
  const data = new Float64Array(rows * cols * STATISTICS);
  for (let at = MIN; at < data.length; at += STATISTICS) data[at] = Infinity;
  const sums = { rows, cols, count: BLOCK * BLOCK, data };
  const grey = borderedGrey(pixels);
  for (let y = 0; y < rows * BLOCK; y++) addRow(sums, pixels, grey, y);
  return sums;
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

function addRow({ cols, data: sums }: Sums, pixels: Pixels, grey: Int32Array, y: number): void {
  const { width, data } = pixels;
  const stride = width + 2;
  const block = Math.floor(y / BLOCK) * cols;
  for (let x = 0; x < cols * BLOCK; x++) {
    const pixel = (y * width + x) * 3;
    const centre = (y + 1) * stride + x + 1;
    const g = grey[centre];
    const left = grey[centre - 1];
    const right = grey[centre + 1];
    const above = grey[centre - stride];
    const below = grey[centre + stride];
    const at = (block + Math.floor(x / BLOCK)) * STATISTICS;
    add(sums, at, data[pixel]);
    add(sums, at + 1, data[pixel + 1]);
    add(sums, at + 2, data[pixel + 2]);
    add(sums, at + 3, Math.abs(right - left));
    add(sums, at + 4, Math.abs(below - above));
    add(sums, at + 5, Math.abs(left + right + above + below - 4 * g));
    if (g < sums[at + MIN]) sums[at + MIN] = g;
    if (g > sums[at + MAX]) sums[at + MAX] = g;
  }
}

function add(sums: Float64Array, at: number, value: number): void {
  sums[at] += value;
  sums[at + CHANNELS] += value * value;
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
