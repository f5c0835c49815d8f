import test from 'ava';
import fc from 'fast-check';
import {
  cholesky,
  invertLowerTriangular,
  multiplyLowerTriangular,
  whitening,
} from '../../src/density/linear.js';
import { PatchlineError } from '../../src/errors.js';
import { near } from './reference.js';

/** a · bᵀ of [dim, dim] matrices, by the definition. */
function timesTransposed(a: Float64Array, b: Float64Array, dim: number): Float64Array {
  return Float64Array.from({ length: dim * dim }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < dim; k++)
      sum += a[Math.floor(at / dim) * dim + k] * b[(at % dim) * dim + k];
    return sum;
  });
}

function transposed(a: Float64Array, dim: number): Float64Array {
  return a.map((_, at) => a[(at % dim) * dim + Math.floor(at / dim)]);
}

const identity = (dim: number) =>
  Float64Array.from({ length: dim * dim }, (_, i) => (i % (dim + 1) === 0 ? 1 : 0));

/** Square matrices of entries in [−limit, limit], `count` of one size. */
function matrices(count: number, limit: number): fc.Arbitrary<{ dim: number; ms: Float64Array[] }> {
  const entry = fc.integer({ min: -64, max: 64 }).map((i) => (i / 64) * limit);
  return fc.integer({ min: 1, max: 6 }).chain((dim) => {
    const matrix = fc.array(entry, { minLength: dim * dim, maxLength: dim * dim });
    return fc
      .array(matrix, { minLength: count, maxLength: count })
      .map((ms) => ({ dim, ms: ms.map((m) => Float64Array.from(m)) }));
  });
}

/** B·Bᵀ + I: positive definite for every B. */
function positiveDefinite(matrix: Float64Array, dim: number): Float64Array {
  const one = identity(dim);
  return timesTransposed(matrix, matrix, dim).map((v, i) => v + one[i]);
}

test('hand case: Cholesky factor and its inverse', (t) => {
  const lower = cholesky(Float64Array.of(4, 2, 2, 5), 2);
  t.deepEqual([...lower], [2, 0, 1, 2]);
  t.deepEqual([...invertLowerTriangular(lower, 2)], [0.5, 0, -0.25, 0.5]);
});

test('factors multiply back, inverses cancel, products are products', (t) => {
  fc.assert(
    fc.property(matrices(1, 2), ({ dim, ms: [matrix] }) => {
      const covariance = positiveDefinite(matrix, dim);
      const lower = cholesky(covariance, dim);
      const inverse = invertLowerTriangular(lower, dim);
      near(t, timesTransposed(lower, lower, dim), covariance, 1e-12);
      near(t, timesTransposed(inverse, transposed(lower, dim), dim), identity(dim), 1e-11);
      near(t, multiplyLowerTriangular(inverse, lower, dim), identity(dim), 1e-11);
    }),
  );
});

test('whitening makes the covariance the identity', (t) => {
  fc.assert(
    fc.property(matrices(1, 2), ({ dim, ms: [matrix] }) => {
      const covariance = positiveDefinite(matrix, dim);
      const w = whitening(covariance, dim);
      const white = timesTransposed(timesTransposed(w, covariance, dim), w, dim); // W Σ Wᵀ
      near(t, white, identity(dim), 1e-4); // but for the ridge
    }),
  );
});

/** m · x */
function times(m: Float64Array, x: Float64Array): Float64Array {
  return x.map((_, i) => x.reduce((sum, v, j) => sum + m[i * x.length + j] * v, 0));
}

test('Mahalanobis distances do not change under affine maps', (t) => {
  const distance = (covariance: Float64Array, x: Float64Array) =>
    Math.hypot(...times(whitening(covariance, x.length), x));
  fc.assert(
    fc.property(matrices(3, 0.3), ({ dim, ms: [a, b, points] }) => {
      const map = positiveDefinite(a, dim);
      const covariance = positiveDefinite(b, dim);
      const mapped = timesTransposed(timesTransposed(map, covariance, dim), map, dim); // A Σ Aᵀ
      const x = points.subarray(0, dim); // less the mean
      near(t, [distance(mapped, times(map, x))], [distance(covariance, x)], 1e-4); // but for the ridge
    }),
  );
});

test('a dimension that never varies is carried by the ridge', (t) => {
  const w = whitening(Float64Array.of(2, 0, 0, 0), 2);
  near(t, w, [1 / Math.sqrt(2 + 1e-6), 0, 0, 1000], 1e-12);
});

test('what has no whitening is an error that says why', (t) => {
  const numeric = { instanceOf: PatchlineError, code: 'PL_NUMERIC' };
  t.throws(() => whitening(new Float64Array(4), 2), { ...numeric, message: /are equal/ });
  t.throws(() => whitening(Float64Array.of(1, 2, 2, 1), 2), { ...numeric, message: /pivot 1/ });
  t.throws(() => whitening(Float64Array.of(1, Number.NaN, Number.NaN, 1), 2), numeric);
  t.throws(() => whitening(Float64Array.of(Number.NaN, 0, 0, 1), 2), numeric);
  t.throws(() => whitening(Float64Array.of(Number.POSITIVE_INFINITY, 0, 0, 1), 2), numeric);
});
