/** Rows of numbers: row-major Float32Array [n, dim]. Sums are taken in float64. */
import { PatchlineError } from '../errors.js';
import type { Random } from '../random.js';

/** n of `rows` [n, dim]. Throws PL_STATE if the length is no multiple of `dim`. */
export function rowCount(rows: Float32Array, dim: number): number {
  const n = rows.length / dim;
  if (Number.isInteger(n)) return n;
  throw new PatchlineError('PL_STATE', `${rows.length} numbers are not rows of ${dim}`);
}

/** The linear map of embeddings after which good ones have mean 0 and covariance I. */
export interface WhitenedSpace {
  readonly dim: number;
  readonly mean: Float32Array; // [dim]
  /** Lower triangular: |whitening·(x − mean)| is the Mahalanobis distance. */
  readonly whitening: Float32Array; // [dim, dim]
}

/** whitening·(x − mean) of each row. → [n, dim] */
export function whiten(rows: Float32Array, { dim, mean, whitening }: WhitenedSpace): Float32Array {
  const n = rowCount(rows, dim);
  const out = new Float32Array(rows.length);
  const centred = new Float64Array(dim);
  for (let r = 0; r < n; r++) whitenRow(out, rows, r * dim, mean, whitening, centred);
  return out;
}

/** The one row that begins at `at`; `centred` [dim] is working space. */
export function whitenRow(
  out: Float32Array,
  rows: Float32Array,
  at: number,
  mean: Float32Array,
  whitening: Float32Array,
  centred: Float64Array,
): void {
  const dim = centred.length;
  for (let i = 0; i < dim; i++) {
    centred[i] = rows[at + i] - mean[i];
    let sum = 0;
    const line = i * dim;
    for (let j = 0; j <= i; j++) sum += whitening[line + j] * centred[j];
    out[at + i] = sum;
  }
}

/** |z − c|² of each of n points to each of k centres. → [n, k] */
export function squaredDistances(
  points: Float32Array,
  centres: Float32Array,
  dim: number,
): Float32Array {
  const n = rowCount(points, dim);
  const k = rowCount(centres, dim);
  const out = new Float32Array(n * k);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < k; j++) {
      out[i * k + j] = squaredDistance(points, i * dim, centres, j * dim, dim);
    }
  }
  return out;
}

/** |z|² of each of n points. → [n] */
export function squaredNorms(points: Float32Array, dim: number): Float32Array {
  const out = new Float32Array(rowCount(points, dim));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = i * dim; j < (i + 1) * dim; j++) sum += points[j] * points[j];
    out[i] = sum;
  }
  return out;
}

export interface Nearest {
  /** Index of the nearest centre; the first one of equals. */
  readonly index: Int32Array; // [n]
  readonly squared: Float32Array; // [n]
}

/** The nearest of k `centres` for each of n `points`, without the [n, k] matrix in between. */
export function nearestCentres(points: Float32Array, centres: Float32Array, dim: number): Nearest {
  const n = rowCount(points, dim);
  const k = rowCount(centres, dim);
  const index = new Int32Array(n);
  const squared = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    let best = 0;
    let smallest = squaredDistance(points, i * dim, centres, 0, dim); // a NaN stays one
    for (let j = 1; j < k; j++) {
      const d = squaredDistance(points, i * dim, centres, j * dim, dim);
      if (d < smallest) {
        smallest = d;
        best = j;
      }
    }
    index[i] = best;
    squared[i] = smallest;
  }
  return { index, squared };
}

function squaredDistance(
  a: Float32Array,
  aAt: number,
  b: Float32Array,
  bAt: number,
  dim: number,
): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) {
    const difference = a[aAt + d] - b[bAt + d];
    sum += difference * difference;
  }
  return sum;
}

/** `count` different rows in random order, or all of them where there are fewer. */
export function sampleRows(
  rows: Float32Array,
  dim: number,
  count: number,
  random: Random,
): Float32Array {
  const order = random.shuffled(Array(rowCount(rows, dim)).keys()).slice(0, count);
  const out = new Float32Array(order.length * dim);
  order.forEach((row, i) => {
    out.set(rows.subarray(row * dim, (row + 1) * dim), i * dim);
  });
  return out;
}
