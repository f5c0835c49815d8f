/**
 * The hand-made views of a frame: statistics of windows of 8 and 16 px, every 4 px. They need no
 * learning and tell what the network learns to overlook: colour, contrast and sharpness.
 *
 * Six channels a pixel: R, G, B and, of the grey g = (R + G + B) / 3, |∂x|, |∂y| and |laplacian|
 * of the 4 neighbours, the border repeated. A window is described by the mean of the six, the
 * standard deviation of the six, and the smallest and largest grey, of pixels scaled to 0..1.
 *
 * A window is made of whole 4×4 blocks, so each pixel is read once. Sums are of integers (grey is
 * kept as R + G + B), hence exact: a flat window deviates by exactly 0. The frame is worked through
 * from top to bottom with only the last few rows at hand, which stay in the cache.
 */
import { BLOCK, BlockSums, CHANNELS, COLOUR, GREY, MAX, MIN, SUMS } from './block-sums.js';
import type { Pixels } from './pixels.js';

/** Numbers that describe a window: 6 means, 6 deviations, smallest and largest grey. */
export const STATISTICS = 14;

/** Full scale of the six channels. */
const SCALES = [COLOUR, COLOUR, COLOUR, GREY, GREY, GREY] as const;

/**
 * Both views of a frame, each [rows, cols, 14] with rows = ⌊(height − window) / 4⌋ + 1 and cols
 * likewise; empty where the window is larger than the frame.
 */
export function statisticsOf(pixels: Pixels): { stat8: Float32Array; stat16: Float32Array } {
  const rows = Math.floor(pixels.height / BLOCK);
  const cols = Math.floor(pixels.width / BLOCK);
  const stat8 = new View(rows - 1, cols - 1, 8);
  const stat16 = new View(rows - 3, cols - 3, 16);
  const sums = new BlockSums(pixels);
  const blocks = new LastRows(2, cols);
  const windows = new LastRows(3, cols - 1); // of 8 px
  const windows16 = new LastRows(1, cols - 3);
  for (let row = 0; row < rows; row++) {
    sums.row(row, blocks.at(row));
    if (row < 1) continue;
    quadruples(blocks.at(row - 1), blocks.at(row), 1, windows.at(row - 1));
    stat8.describe(row - 1, windows.at(row - 1));
    if (row < 3) continue;
    quadruples(windows.at(row - 3), windows.at(row - 1), 2, windows16.at(row - 3));
    stat16.describe(row - 3, windows16.at(row - 3));
  }
  return { stat8: stat8.values, stat16: stat16.values };
}

/**
 * The last few rows of areas, each in the place of the row before it that is no longer needed. An
 * area has 14 numbers, as a block has: of float64, since the squares of 256 pixels, up to 3060²
 * each, exceed 32 bits.
 */
class LastRows {
  readonly #rows: readonly Float64Array[]; // [cols, 14] each

  constructor(count: number, cols: number) {
    const length = Math.max(0, cols) * SUMS;
    this.#rows = Array.from({ length: count }, () => new Float64Array(length));
  }

  at(row: number): Float64Array {
    return this.#rows[row % this.#rows.length];
  }
}

/** Areas of twice the side: each of four that tile it, two above and two below, `step` apart. */
function quadruples(above: Float64Array, below: Float64Array, step: number, out: Float64Array) {
  const right = step * SUMS;
  for (let at = 0; at < out.length; at += SUMS) {
    const b = at + right;
    for (let i = 0; i < MIN; i++) {
      out[at + i] = above[at + i] + above[b + i] + below[at + i] + below[b + i];
    }
    const min = at + MIN;
    const max = at + MAX;
    out[min] = Math.min(above[min], above[min + right], below[min], below[min + right]);
    out[max] = Math.max(above[max], above[max + right], below[max], below[max + right]);
  }
}

/** Windows of one size, described: [rows, cols, 14]. */
class View {
  readonly values: Float32Array;
  readonly #cols: number;
  /** Pixels of a window. */
  readonly #count: number;
  /** From sums to means on the scale 0..1. */
  readonly #scales: readonly number[];

  constructor(rows: number, cols: number, side: number) {
    this.values = new Float32Array(Math.max(0, rows) * Math.max(0, cols) * STATISTICS);
    this.#cols = cols;
    this.#count = side * side;
    this.#scales = SCALES.map((full) => 1 / (side * side * full));
  }

  /** Means, deviations, smallest and largest grey of a row of windows, on the scale 0..1. */
  describe(row: number, sums: Float64Array): void {
    const count = this.#count;
    const scales = this.#scales;
    const out = this.values;
    let to = row * this.#cols * STATISTICS;
    for (let at = 0; at < sums.length; at += SUMS, to += STATISTICS) {
      for (let c = 0; c < CHANNELS; c++) {
        const sum = sums[at + c];
        // n Σq² − (Σq)² of integers: exact, and never negative.
        const spread = Math.sqrt(count * sums[at + CHANNELS + c] - sum * sum);
        out[to + c] = sum * scales[c];
        out[to + CHANNELS + c] = spread * scales[c];
      }
      out[to + MIN] = sums[at + MIN] / GREY;
      out[to + MAX] = sums[at + MAX] / GREY;
    }
  }
}
