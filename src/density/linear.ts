/** The little linear algebra that a Gaussian needs. Matrices are row-major Float64Array [dim, dim]. */
import { PatchlineError } from '../errors.js';

/** Ridge that keeps the factorisation stable, as a share of the mean variance. */
const RIDGE = 1e-6;

export function trace(matrix: Float64Array, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += matrix[i * dim + i];
  return sum;
}

/** The lower triangular L with L·Lᵀ = `matrix`. Throws PL_NUMERIC if it is not positive definite. */
export function cholesky(matrix: Float64Array, dim: number): Float64Array {
  const lower = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * dim + j];
      for (let k = 0; k < j; k++) value -= lower[i * dim + k] * lower[j * dim + k];
      lower[i * dim + j] = i === j ? pivotRoot(value, i, dim) : value / lower[j * dim + j];
    }
  }
  return lower;
}

function pivotRoot(pivot: number, i: number, dim: number): number {
  if (pivot > 0 && pivot < Number.POSITIVE_INFINITY) return Math.sqrt(pivot);
  throw new PatchlineError(
    'PL_NUMERIC',
    `The ${dim}×${dim} covariance is not positive definite: pivot ${i} is ${pivot}`,
    { hint: 'Give more good images, or train again with another seed.' },
  );
}

/** The inverse of a lower triangular matrix with a diagonal free of zeros: lower triangular too. */
export function invertLowerTriangular(lower: Float64Array, dim: number): Float64Array {
  const inverse = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    const diagonal = lower[i * dim + i];
    inverse[i * dim + i] = 1 / diagonal;
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum += lower[i * dim + k] * inverse[k * dim + j];
      inverse[i * dim + j] = -sum / diagonal;
    }
  }
  return inverse;
}

/** The product of two lower triangular matrices: lower triangular too. */
export function multiplyLowerTriangular(
  a: Float64Array,
  b: Float64Array,
  dim: number,
): Float64Array {
  const product = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let k = 0; k <= i; k++) {
      const value = a[i * dim + k];
      for (let j = 0; j <= k; j++) product[i * dim + j] += value * b[k * dim + j];
    }
  }
  return product;
}

/**
 * W = L⁻¹ of `covariance` + 1e-6·(mean variance)·I: lower triangular, and |W(x − µ)|² is the squared
 * Mahalanobis distance. The ridge carries dimensions that never vary. Throws PL_NUMERIC where
 * nothing varies, a value is not finite, or the matrix is not positive definite.
 */
export function whitening(covariance: Float64Array, dim: number): Float64Array {
  const variance = trace(covariance, dim) / dim;
  if (variance === 0) {
    throw new PatchlineError('PL_NUMERIC', 'All embeddings of the good images are equal', {
      hint: 'The good images show no variation: check that they are not blank.',
    });
  }
  const ridged = covariance.slice();
  for (let i = 0; i < dim; i++) ridged[i * dim + i] += RIDGE * variance;
  return invertLowerTriangular(cholesky(ridged, dim), dim);
}
