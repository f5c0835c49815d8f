/**
 * How far an embedding is from those of good patches, by four estimators. A density is plain data
 * (numbers and typed arrays), so that it can be stored as tensors and posted to threads.
 *
 * `score` is the whole of it in plain code. Where a tensor back end does the expensive linear part
 * (whitening, squared distances), only the `finish…` functions run here.
 */
import { PatchlineError } from '../errors.js';
import {
  type Nearest,
  nearestCentres,
  rowCount,
  squaredDistances,
  squaredNorms,
  type WhitenedSpace,
  whiten,
  whitenRow,
} from './rows.js';

/** One Gaussian for all patches (CutPaste §2.3, Eq. 2: GDE). */
export interface GaussianDensity extends WhitenedSpace {
  readonly kind: 'gaussian';
}

/**
 * Which standardised distance to the nearest centre counts: `plain` by the mean and deviation of all
 * held-out good patches, `local` by those of the nearest centre (a region that is always far from
 * its centre is no news), `both` their sum.
 */
export type Mix = 'plain' | 'local' | 'both';

/** Distance to the nearest of k centres in the whitened space. */
export interface NearestDensity extends WhitenedSpace {
  readonly kind: 'nearest';
  readonly mix: Mix;
  readonly centres: Float32Array; // [k, dim], in the whitened space
  readonly plainMean: number;
  readonly plainDeviation: number;
  /** Scaled so that the local scores of the held-out patches have mean 0 and deviation 1. */
  readonly centreMean: Float32Array; // [k]
  readonly centreDeviation: Float32Array; // [k]
}

/** Gaussian kernels of one bandwidth around k good patches in the whitened space (CutPaste §2.3: KDE). */
export interface KernelDensity extends WhitenedSpace {
  readonly kind: 'kernel';
  readonly centres: Float32Array; // [k, dim], in the whitened space
  readonly bandwidth: number;
}

/** A Gaussian for each cell of the patch grid, for aligned products (CutPaste A.5). */
export interface LocationDensity {
  readonly kind: 'location';
  readonly dim: number;
  readonly rows: number;
  readonly cols: number;
  readonly mean: Float32Array; // [rows·cols, dim]
  readonly whitening: Float32Array; // [rows·cols, dim, dim], each lower triangular
}

export type Density = GaussianDensity | NearestDensity | KernelDensity | LocationDensity;

/**
 * The scores of `embeddings` [n, dim]; the higher, the stranger. Mahalanobis distance for gaussian
 * and location, standardised distance for nearest, −log density for kernel. A location density takes
 * whole grids, cells in row-major order; throws PL_STATE where they are not whole. → [n]
 */
export function score(density: Density, embeddings: Float32Array): Float32Array {
  const n = rowCount(embeddings, density.dim);
  switch (density.kind) {
    case 'gaussian':
      return finishGaussian(squaredNorms(whiten(embeddings, density), density.dim));
    case 'location':
      return finishGaussian(squaredNorms(whitenedByCell(density, embeddings), density.dim));
    case 'nearest': {
      const whitened = whiten(embeddings, density);
      return finishNearest(density, nearestCentres(whitened, density.centres, density.dim));
    }
    case 'kernel':
      return finishKernel(density, centreDistances(density, embeddings), n);
  }
}

function centreDistances(density: KernelDensity, x: Float32Array): Float32Array {
  return squaredDistances(whiten(x, density), density.centres, density.dim);
}

function whitenedByCell(density: LocationDensity, embeddings: Float32Array): Float32Array {
  const { dim, rows, cols, mean, whitening } = density;
  const cells = rows * cols;
  const n = embeddings.length / dim;
  if (n % cells !== 0) {
    throw new PatchlineError('PL_STATE', `${n} embeddings are not whole grids of ${rows}×${cols}`);
  }
  const out = new Float32Array(embeddings.length);
  const centred = new Float64Array(dim);
  for (let cell = 0; cell < cells; cell++) {
    const cellMean = mean.subarray(cell * dim, (cell + 1) * dim);
    const cellWhitening = whitening.subarray(cell * dim * dim, (cell + 1) * dim * dim);
    for (let r = cell; r < n; r += cells) {
      whitenRow(out, embeddings, r * dim, cellMean, cellWhitening, centred);
    }
  }
  return out;
}

/*
 * What is squared comes from a tensor library or from plain code; rounding can make it slightly
 * negative, which counts as 0.
 */

/** Mahalanobis distances |z| from the squared norms of whitened embeddings [n]. → [n] */
export function finishGaussian(squaredNorms: Float32Array): Float32Array {
  return squaredNorms.map((squared) => Math.sqrt(Math.max(0, squared)));
}

/** Scores from the nearest centre of each of n whitened embeddings. → [n] */
export function finishNearest(density: NearestDensity, { index, squared }: Nearest): Float32Array {
  const { slope, intercept } = distanceToScore(density);
  const out = new Float32Array(index.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = Math.sqrt(Math.max(0, squared[i])) * slope[index[i]] + intercept[index[i]];
  }
  return out;
}

/** Every mix is linear in the distance, given the nearest centre: score = slope·d + intercept. */
export function distanceToScore(density: NearestDensity): {
  slope: Float64Array; // [k]
  intercept: Float64Array; // [k]
} {
  const { mix, plainMean, plainDeviation, centreMean, centreDeviation } = density;
  const plain = mix === 'local' ? 0 : 1 / plainDeviation;
  const slope = new Float64Array(centreMean.length);
  const intercept = new Float64Array(centreMean.length);
  for (let j = 0; j < slope.length; j++) {
    const local = mix === 'plain' ? 0 : 1 / centreDeviation[j];
    slope[j] = plain + local;
    intercept[j] = -(plain * plainMean + local * centreMean[j]);
  }
  return { slope, intercept };
}

/** −log density in the whitened space from squared distances [n, k]. → [n] */
export function finishKernel(
  density: KernelDensity,
  squaredDistances: Float32Array,
  n: number,
): Float32Array {
  const k = rowCount(density.centres, density.dim);
  const { scale, logNorm } = kernelTerms(density);
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const row = squaredDistances.subarray(i * k, (i + 1) * k);
    let smallest = row[0];
    for (let j = 1; j < k; j++) if (row[j] < smallest) smallest = row[j];
    smallest = Math.max(0, smallest);
    let sum = 0; // of the kernels, relative to the highest one: at least 1, never underflows
    for (let j = 0; j < k; j++) sum += Math.exp((smallest - Math.max(0, row[j])) * scale);
    out[i] = smallest * scale - Math.log(sum) + logNorm;
  }
  return out;
}

/** −log density = −log Σ exp(−scale·d²) + logNorm. */
export function kernelTerms({ dim, bandwidth, centres }: KernelDensity): {
  readonly scale: number;
  readonly logNorm: number;
} {
  const k = rowCount(centres, dim);
  const scale = 1 / (2 * bandwidth * bandwidth);
  const logNorm = Math.log(k) + (dim / 2) * Math.log(2 * Math.PI * bandwidth * bandwidth);
  return { scale, logNorm };
}
