/** The bandwidth of a kernel density by cross-validation. */
import { rowCount, squaredDistances } from './rows.js';

/** 0.1 to 3.2 in sixteen equal ratios. The space is whitened (deviation 1), so one grid fits all. */
export const BANDWIDTHS: readonly number[] = Array.from(
  { length: 16 },
  (_, i) => 10 ** (i / 10 - 1),
);

/**
 * The bandwidth under which held-out points [n, dim] are most likely: each of `folds` contiguous
 * folds is scored by the kernel density of the others. The first of equals. n ≥ 2; more folds than
 * points are as many as points.
 */
export function chooseBandwidth(
  points: Float32Array,
  dim: number,
  bandwidths: readonly number[],
  folds: number,
): number {
  const n = rowCount(points, dim);
  const fold = foldIndices(n, Math.min(folds, n));
  const squared = squaredDistances(points, points, dim);
  const likelihoods = bandwidths.map((h) => heldOutLogLikelihood(squared, fold, dim, h));
  return bandwidths[likelihoods.indexOf(Math.max(...likelihoods))];
}

/** Fold of each point: sizes differ by at most one, the larger ones first. */
function foldIndices(n: number, folds: number): Int32Array {
  const small = Math.floor(n / folds);
  const boundary = (n % folds) * (small + 1); // where the folds of the smaller size begin
  return Int32Array.from({ length: n }, (_, i) =>
    i < boundary ? Math.floor(i / (small + 1)) : Math.floor((i - boundary) / small) + (n % folds),
  );
}

/** Σᵢ log p(xᵢ), p from the points [n] of the other folds. squared [n, n] */
function heldOutLogLikelihood(
  squared: Float32Array,
  fold: Int32Array,
  dim: number,
  bandwidth: number,
): number {
  const n = fold.length;
  const scale = 1 / (2 * bandwidth * bandwidth);
  let total = -n * (dim / 2) * Math.log(2 * Math.PI * bandwidth * bandwidth);
  for (let i = 0; i < n; i++) {
    const row = squared.subarray(i * n, (i + 1) * n);
    let smallest = Number.POSITIVE_INFINITY;
    let others = 0;
    for (let j = 0; j < n; j++) {
      if (fold[j] === fold[i]) continue;
      others++;
      if (row[j] < smallest) smallest = row[j];
    }
    let sum = 0;
    for (let j = 0; j < n; j++) {
      if (fold[j] !== fold[i]) sum += Math.exp((smallest - row[j]) * scale);
    }
    total += Math.log(sum) - smallest * scale - Math.log(others);
  }
  return total;
}
