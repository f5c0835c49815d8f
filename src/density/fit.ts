/** Densities from the embeddings of good patches. Every fit is deterministic, given its seed. */
import { PatchlineError } from '../errors.js';
import { Random } from '../random.js';
import { BANDWIDTHS, chooseBandwidth } from './bandwidth.js';
import { ledoitWolf } from './covariance.js';
import type { GaussianDensity, KernelDensity, Mix, NearestDensity } from './density.js';
import { kmeans } from './kmeans.js';
import { whitening } from './linear.js';
import { type Nearest, nearestCentres, rowCount, sampleRows, whiten } from './rows.js';
import { standardisation } from './standard.js';

export { fitLocation } from './location.js';

/** One Gaussian of `rows` [n, dim]. Throws PL_NUMERIC where they do not vary or are not finite. */
export function fitGaussian(rows: Float32Array, dim: number): GaussianDensity {
  const { mean, covariance } = ledoitWolf(rows, dim);
  return {
    kind: 'gaussian',
    dim,
    mean: Float32Array.from(mean),
    whitening: Float32Array.from(whitening(covariance, dim)),
  };
}

export interface NearestOptions {
  /** Centres of k-means, fewer where there are fewer rows. */
  readonly centres: number;
  /** Rows that k-means sees, drawn at random. Default 10,000. */
  readonly maxRows?: number;
  /** Default `both`. */
  readonly mix?: Mix;
  readonly seed: number;
}

/**
 * Centres of `rows` [n, dim] in their whitened space; what distances are usual is learned from
 * `heldOutRows` [m, dim], of good images that are not among those of `rows`. Throws PL_NUMERIC like
 * `fitGaussian`, and without held-out rows.
 */
export function fitNearest(
  rows: Float32Array,
  dim: number,
  heldOutRows: Float32Array,
  { centres: k, maxRows = 10_000, mix = 'both', seed }: NearestOptions,
): NearestDensity {
  const space = fitGaussian(rows, dim);
  const random = Random.for(seed, 'density.nearest');
  const sample = sampleRows(rows, dim, maxRows, random);
  const centres = kmeans(whiten(sample, space), dim, k, random);
  const heldOut = nearestCentres(whiten(heldOutRows, space), centres, dim);
  const usual = usualDistances(heldOut, rowCount(centres, dim));
  return { ...space, kind: 'nearest', mix, centres, ...usual };
}

/** A centre that few held-out patches are nearest to counts as if it had this many usual ones more. */
const PSEUDO_COUNTS = 20;

/** Mean and deviation of the distance to the nearest centre, over all and for each of k centres. */
function usualDistances(
  { index, squared }: Nearest,
  k: number,
): Pick<NearestDensity, 'plainMean' | 'plainDeviation' | 'centreMean' | 'centreDeviation'> {
  const distances = squared.map(Math.sqrt);
  const plain = standardisation(distances);
  const means = shrunkMeans(distances, index, k, plain.mean);
  const deviations = shrunkMeans(
    distances.map((d, i) => (d - means[index[i]]) ** 2),
    index,
    k,
    plain.deviation ** 2,
  ).map(Math.sqrt);
  const local = standardisation(
    distances.map((d, i) => (d - means[index[i]]) / deviations[index[i]]),
  );
  return {
    plainMean: plain.mean,
    plainDeviation: plain.deviation,
    centreMean: Float32Array.from(means, (m, j) => m + local.mean * deviations[j]),
    centreDeviation: Float32Array.from(deviations, (d) => d * local.deviation),
  };
}

/** Mean of `values` [n] by `index` [n], each shrunk towards `prior`. → [k] */
function shrunkMeans(
  values: Float32Array,
  index: Int32Array,
  k: number,
  prior: number,
): Float64Array {
  const sums = new Float64Array(k).fill(PSEUDO_COUNTS * prior);
  const counts = new Float64Array(k).fill(PSEUDO_COUNTS);
  for (let i = 0; i < values.length; i++) {
    sums[index[i]] += values[i];
    counts[index[i]]++;
  }
  return sums.map((sum, j) => sum / counts[j]);
}

export interface KernelOptions {
  /** Rows, drawn at random, that carry a kernel. */
  readonly centres: number;
  readonly folds: number;
  /** Bandwidths to choose from, in deviations of the whitened space. Default 0.1 to 3.2. */
  readonly bandwidths?: readonly number[];
  readonly seed: number;
}

/**
 * Kernels on a random subset of `rows` [n, dim] in their whitened space, bandwidth by cross-validated
 * likelihood. Throws PL_NUMERIC like `fitGaussian`, and with fewer than two kernels.
 */
export function fitKernel(
  rows: Float32Array,
  dim: number,
  { centres: count, folds, bandwidths = BANDWIDTHS, seed }: KernelOptions,
): KernelDensity {
  const space = fitGaussian(rows, dim);
  const sample = sampleRows(rows, dim, count, Random.for(seed, 'density.kernel'));
  const centres = whiten(sample, space);
  const k = rowCount(centres, dim);
  if (k < 2 || folds < 2) {
    throw new PatchlineError(
      'PL_NUMERIC',
      `A kernel density needs at least 2 centres and 2 folds, got ${k} and ${folds}`,
      { hint: 'Give more good images, or use the Gaussian density.' },
    );
  }
  const bandwidth = chooseBandwidth(centres, dim, bandwidths, folds);
  return { ...space, kind: 'kernel', centres, bandwidth };
}
