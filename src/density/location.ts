/** A Gaussian for each cell of the patch grid (CutPaste A.5, "aligned objects"). */
import { PatchlineError } from '../errors.js';
import { ledoitWolf, MomentAccumulator } from './covariance.js';
import type { LocationDensity } from './density.js';
import { multiplyLowerTriangular, whitening } from './linear.js';
import { whiten } from './rows.js';

/**
 * One Gaussian a cell from the `grids` [n, rows·cols, dim] of n ≥ 2 good images.
 *
 * A cell has only n embeddings, often fewer than dim, so its covariance borrows from the others. The
 * rule: Σ₀ is the covariance around the cells' own means, pooled over all cells (Ledoit–Wolf). In the
 * space that Σ₀ whitens, where a usual cell has covariance I, the cell's covariance is estimated by
 * Ledoit–Wolf as C and counts n against 2·dim pseudo-counts of I: (n·C + 2·dim·I)/(n + 2·dim).
 * A cell that never varies keeps a share of Σ₀. Throws PL_NUMERIC where no cell varies.
 */
export function fitLocation(
  grids: Float32Array,
  rows: number,
  cols: number,
  dim: number,
): LocationDensity {
  const cells = rows * cols;
  const n = grids.length / (cells * dim);
  if (!Number.isInteger(n) || n < 2) {
    throw new PatchlineError(
      'PL_NUMERIC',
      `A density per location needs at least 2 whole grids of ${rows}×${cols}×${dim}, got ${n}`,
      { hint: 'Give more good images, or use one density for all locations.' },
    );
  }
  const mean = cellMeans(grids, cells, dim);
  const shared = sharedWhitening(grids, mean, cells, dim);
  const whitenings = new Float32Array(cells * dim * dim);
  for (let cell = 0; cell < cells; cell++) {
    const residuals = cellResiduals(grids, mean, cell, cells, dim);
    whitenings.set(cellWhitening(residuals, shared, dim), cell * dim * dim);
  }
  return { kind: 'location', dim, rows, cols, mean, whitening: whitenings };
}

/** Mean over the images at each cell. → [cells, dim] */
function cellMeans(grids: Float32Array, cells: number, dim: number): Float32Array {
  const size = cells * dim;
  const sums = new Float64Array(size);
  for (let i = 0; i < grids.length; i++) sums[i % size] += grids[i];
  return Float32Array.from(sums, (sum) => (sum * size) / grids.length);
}

/** Embeddings of the n images at one cell, less their mean. → [n, dim] */
function cellResiduals(
  grids: Float32Array,
  mean: Float32Array,
  cell: number,
  cells: number,
  dim: number,
): Float32Array {
  const n = grids.length / (cells * dim);
  const out = new Float32Array(n * dim);
  for (let r = 0; r < n; r++) {
    const from = (r * cells + cell) * dim;
    for (let d = 0; d < dim; d++) out[r * dim + d] = grids[from + d] - mean[cell * dim + d];
  }
  return out;
}

/** Whitening of the covariance around the cells' own means, pooled over all cells. */
function sharedWhitening(
  grids: Float32Array,
  mean: Float32Array,
  cells: number,
  dim: number,
): Float64Array {
  const moments = new MomentAccumulator(dim);
  for (let cell = 0; cell < cells; cell++) {
    moments.add(cellResiduals(grids, mean, cell, cells, dim));
  }
  return whitening(moments.ledoitWolf().covariance, dim);
}

/** The whitening of one cell, from its `residuals` [n, dim]: the shared one, then its own. */
function cellWhitening(residuals: Float32Array, shared: Float64Array, dim: number): Float64Array {
  const space = { dim, mean: new Float32Array(dim), whitening: Float32Array.from(shared) };
  const { covariance, samples } = ledoitWolf(whiten(residuals, space), dim);
  const pseudo = 2 * dim;
  for (let i = 0; i < covariance.length; i++) covariance[i] *= samples / (samples + pseudo);
  for (let i = 0; i < dim; i++) covariance[i * dim + i] += pseudo / (samples + pseudo);
  return multiplyLowerTriangular(whitening(covariance, dim), shared, dim);
}
