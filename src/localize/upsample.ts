/**
 * Gaussian receptive-field upsampling (CutPaste A.5, after FCDD, Liznerski et al. 2021): each score
 * is spread over the pixels around the centre of its patch.
 *
 * The 2-D Gaussian is separable, so map = Uy · M · Uxᵀ, with one row of U for each pixel. A row has
 * only the few cells in reach; they are stored packed, and a frame costs about 0.7 ms.
 */
import { PatchlineError } from '../errors.js';
import type { Size } from '../frame/pixels.js';
import { assertGrid, type Lattice } from './grid.js';

/** Where the Gaussian is cut, in deviations: exp(−8) = 0.03 % of its peak. */
const TRUNCATION = 4;

/**
 * Cells that are weighed at once: their weights stay in registers, and a sum is loaded and stored
 * once for all of them. By the default deviation of 4 px just so many are in reach.
 */
const AT_ONCE = 8;

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

/** The weights of the cells in reach of each pixel along one axis. */
interface Axis {
  readonly pixels: number;
  /** Most cells in reach of one pixel, in multiples of `AT_ONCE`: the length of a row of `weights`. */
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
  // Behind both lie zeros, for the weights of 0 that fill up a row of weights.
  readonly #cells: Float64Array; // [rows, cols]: the scores in double precision
  readonly #stretched: Float64Array; // [rows, width]: columns done, rows to come
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
    this.#cells = new Float64Array(lattice.rows * lattice.cols + this.#x.reach);
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
    this.#cells.set(scores);
    this.#stretchColumns();
    this.#stretchRows(out);
    return out;
  }

  #stretchColumns(): void {
    const { pixels, reach, first, weights } = this.#x;
    const { rows, cols } = this.#lattice;
    const cells = this.#cells;
    const stretched = this.#stretched;
    for (let row = 0; row < rows; row++) {
      for (let x = 0; x < pixels; x++) {
        const cell = row * cols + first[x];
        const weight = x * reach;
        let sum = 0;
        for (let k = 0; k < reach; k += AT_ONCE) {
          sum += weighed(weights, weight + k, cells, cell + k);
        }
        stretched[row * pixels + x] = sum;
      }
    }
  }

  #stretchRows(out: Float32Array): void {
    const { pixels, reach, first, weights } = this.#y;
    const width = this.#x.pixels;
    for (let y = 0; y < pixels; y++) {
      this.#line.fill(0);
      for (let k = 0; k < reach; k += AT_ONCE) {
        addWeighed(this.#line, weights, y * reach + k, this.#stretched, (first[y] + k) * width);
      }
      out.set(this.#line, y * width);
    }
  }
}

/** The sum of eight cells from `at`, each times its weight. */
function weighed(weights: Float64Array, weight: number, cells: Float64Array, at: number): number {
  return (
    weights[weight] * cells[at] +
    weights[weight + 1] * cells[at + 1] +
    weights[weight + 2] * cells[at + 2] +
    weights[weight + 3] * cells[at + 3] +
    weights[weight + 4] * cells[at + 4] +
    weights[weight + 5] * cells[at + 5] +
    weights[weight + 6] * cells[at + 6] +
    weights[weight + 7] * cells[at + 7]
  );
}

/**
 * Adds eight rows, each times its weight, to `line`.
 *
 * @param rows `[…, line.length]`; the first row begins at `from`.
 */
function addWeighed(
  line: Float64Array,
  weights: Float64Array,
  weight: number,
  rows: Float64Array,
  from: number,
): void {
  const width = line.length;
  const a = weights[weight];
  const b = weights[weight + 1];
  const c = weights[weight + 2];
  const d = weights[weight + 3];
  const e = weights[weight + 4];
  const f = weights[weight + 5];
  const g = weights[weight + 6];
  const h = weights[weight + 7];
  for (let x = 0, i = from; x < width; x++, i++) {
    line[x] +=
      a * rows[i] +
      b * rows[i + width] +
      c * rows[i + 2 * width] +
      d * rows[i + 3 * width] +
      e * rows[i + 4 * width] +
      f * rows[i + 5 * width] +
      g * rows[i + 6 * width] +
      h * rows[i + 7 * width];
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
  const mostInReach = Math.max(...rows.map((row) => row.weights.length));
  const reach = Math.ceil(mostInReach / AT_ONCE) * AT_ONCE;
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
