/**
 * Gaussian receptive-field upsampling (CutPaste A.5, after FCDD, Liznerski et al. 2021): each score
 * is spread over the pixels around the centre of its patch.
 *
 * The 2-D Gaussian is separable, so map = Uy · M · Uxᵀ, with one row of U for each pixel. A row has
 * only the few cells in reach; they are stored packed, and a frame costs about 1 ms.
 */
import { PatchlineError } from '../errors.js';
import type { Size } from '../frame/pixels.js';
import { assertGrid, type Lattice } from './grid.js';

/** Where the Gaussian is cut, in deviations: exp(−8) = 0.03 % of its peak. */
const TRUNCATION = 4;

export interface UpsampleOptions {
  /**
   * true: every pixel is a weighted mean of the cells around it, so a constant grid gives a
   * constant map up to the border.
   * false: the paper's transposed convolution. It sums, and at the border it has fewer terms: with
   * a 64 px kernel the response there is 0.13 % of the centre's, so defects at the border vanish.
   */
  readonly borderCorrection: boolean;
  /** Side of the transposed convolution's kernel, px; without border correction only. Default 64. */
  readonly kernel?: number;
}

/** Cells that are added at once: most of the work is loading and storing. */
const AT_ONCE = 8;

/** The weights of the cells in reach of each pixel along one axis. */
interface Axis {
  readonly pixels: number;
  /** Most cells in reach of one pixel, in whole `AT_ONCE`: the length of a row of `weights`. */
  readonly reach: number;
  readonly first: Int32Array; // [pixels]: first cell in reach
  readonly weights: Float64Array; // [pixels, reach], 0 behind the last cell in reach
}

/** The weight of a cell whose centre is `distance` pixels away; 0 is out of reach. */
type Falloff = (distance: number) => number;

/**
 * FCDD's deviation of the Gaussian for a kernel of a given side, px: the paper gives none.
 * 10 for the 64 px of this paper (and from 32 px on).
 */
export function paperSigma(kernel: number): number {
  return kernel < 32 ? Math.log10(0.45 * kernel + 1) + 0.25 : 10;
}

/** Upsamples grids of one lattice to maps of one size. */
export class Upsampler {
  readonly #lattice: Lattice;
  readonly #x: Axis;
  readonly #y: Axis;
  readonly #cells: Float64Array; // [cols + reach]: one row of the grid, and zeros
  readonly #stretched: Float64Array; // [rows + reach, width]: columns done, and rows of zeros
  readonly #line: Float64Array; // [width]: one row of the map in double precision

  /** @param sigma deviation of the Gaussian, px of the model's input. */
  constructor(lattice: Lattice, size: Size, sigma: number, options: UpsampleOptions) {
    if (!(sigma > 0)) {
      throw new PatchlineError('PL_USAGE', `Expected sigma to be above 0 px, got ${sigma}.`, {
        disposition: 'usage',
      });
    }
    this.#lattice = lattice;
    this.#x = axis(size.width, lattice.cols, lattice, sigma, options);
    this.#y = axis(size.height, lattice.rows, lattice, sigma, options);
    this.#cells = new Float64Array(lattice.cols + this.#x.reach);
    this.#stretched = new Float64Array((lattice.rows + this.#y.reach) * size.width);
    this.#line = new Float64Array(size.width);
  }

  /**
   * @param scores `[rows, cols]` of the lattice.
   * @param out `[height, width]`, overwritten and returned; a new array by default.
   * @returns `[height, width]`
   * @throws PatchlineError PL_STATE if the scores are not those of the lattice.
   */
  upsample(
    scores: Float32Array,
    out: Float32Array = new Float32Array(this.#x.pixels * this.#y.pixels),
  ): Float32Array {
    assertGrid(scores, this.#lattice);
    this.#stretchColumns(scores);
    this.#stretchRows(out);
    return out;
  }

  #stretchColumns(scores: Float32Array): void {
    const { pixels, reach, first, weights } = this.#x;
    const { rows, cols } = this.#lattice;
    const cells = this.#cells;
    const stretched = this.#stretched;
    for (let row = 0; row < rows; row++) {
      cells.set(scores.subarray(row * cols, (row + 1) * cols));
      for (let x = 0; x < pixels; x++) {
        const end = (x + 1) * reach;
        let sum = 0;
        for (let w = x * reach, c = first[x]; w < end; w += AT_ONCE, c += AT_ONCE) {
          sum +=
            weights[w] * cells[c] +
            weights[w + 1] * cells[c + 1] +
            weights[w + 2] * cells[c + 2] +
            weights[w + 3] * cells[c + 3] +
            weights[w + 4] * cells[c + 4] +
            weights[w + 5] * cells[c + 5] +
            weights[w + 6] * cells[c + 6] +
            weights[w + 7] * cells[c + 7];
        }
        stretched[row * pixels + x] = sum;
      }
    }
  }

  #stretchRows(out: Float32Array): void {
    const { pixels, reach, first, weights } = this.#y;
    const width = this.#x.pixels;
    const line = this.#line;
    for (let y = 0; y < pixels; y++) {
      line.fill(0);
      for (let k = 0; k < reach; k += AT_ONCE) {
        addRows(line, this.#stretched, (first[y] + k) * width, weights, y * reach + k);
      }
      out.set(line, y * width);
    }
  }
}

/**
 * Adds `AT_ONCE` consecutive rows, each times its weight, to `line`.
 *
 * @param rows `[…, line.length]`; the first row begins at `from`.
 * @param weights that of the first row is at `at`.
 */
function addRows(
  line: Float64Array,
  rows: Float64Array,
  from: number,
  weights: Float64Array,
  at: number,
): void {
  const width = line.length;
  const a = weights[at];
  const b = weights[at + 1];
  const c = weights[at + 2];
  const d = weights[at + 3];
  const e = weights[at + 4];
  const f = weights[at + 5];
  const g = weights[at + 6];
  const h = weights[at + 7];
  for (let x = 0, i = from; x < width; x++, i++) {
    // One index goes from row to row: eight of their own would not all find a register.
    let r = i;
    let sum = a * rows[r];
    sum += b * rows[(r += width)];
    sum += c * rows[(r += width)];
    sum += d * rows[(r += width)];
    sum += e * rows[(r += width)];
    sum += f * rows[(r += width)];
    sum += g * rows[(r += width)];
    sum += h * rows[(r += width)];
    line[x] += sum;
  }
}

function axis(
  pixels: number,
  cells: number,
  { stride, offset }: Lattice,
  sigma: number,
  { borderCorrection, kernel = 64 }: UpsampleOptions,
): Axis {
  const falloff = borderCorrection ? gaussian(sigma) : paperKernel(kernel, sigma, offset);
  const rows = Array.from({ length: pixels }, (_, pixel) => {
    const row = inReach(cells, (cell) => falloff(Math.abs(pixel - offset - cell * stride)));
    return borderCorrection ? normalised(row, nearest(pixel, cells, stride, offset)) : row;
  });
  const most = Math.max(...rows.map((row) => row.weights.length));
  const reach = Math.ceil(most / AT_ONCE) * AT_ONCE;
  const weights = new Float64Array(pixels * reach);
  for (const [pixel, row] of rows.entries()) weights.set(row.weights, pixel * reach);
  return {
    pixels,
    reach,
    first: Int32Array.from(rows, (row) => row.first),
    weights,
  };
}

interface Row {
  readonly first: number;
  readonly weights: readonly number[];
}

/** The run of cells with a weight above 0. */
function inReach(cells: number, weightOf: (cell: number) => number): Row {
  const all = Array.from({ length: cells }, (_, cell) => weightOf(cell));
  const first = Math.max(
    0,
    all.findIndex((weight) => weight > 0),
  );
  return { first, weights: all.filter((weight) => weight > 0) };
}

/** The row scaled to the sum 1; where no cell is in reach, the nearest one alone. */
function normalised({ first, weights }: Row, nearestCell: number): Row {
  if (weights.length === 0) return { first: nearestCell, weights: [1] };
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { first, weights: weights.map((weight) => weight / sum) };
}

function nearest(pixel: number, cells: number, stride: number, offset: number): number {
  return Math.max(0, Math.min(cells - 1, Math.round((pixel - offset) / stride)));
}

function gaussian(sigma: number): Falloff {
  return (distance) =>
    distance <= TRUNCATION * sigma ? Math.exp(-(distance ** 2) / (2 * sigma ** 2)) : 0;
}

/**
 * One axis of FCDD's kernel. A patch of an even side has its centre between two pixels: FCDD
 * samples the next smaller odd kernel, doubles its middle and halves everything.
 */
function paperKernel(kernel: number, sigma: number, offset: number): Falloff {
  const even = !Number.isInteger(offset);
  const peak = even ? 0.5 : 1;
  return (distance) => {
    if (distance >= kernel / 2) return 0;
    const pixels = even ? distance - 0.5 : distance;
    return peak * Math.exp(-(pixels ** 2) / (2 * sigma ** 2));
  };
}
