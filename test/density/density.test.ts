import test from 'ava';
import {
  finishGaussian,
  finishKernel,
  finishNearest,
  type KernelDensity,
  type Mix,
  type NearestDensity,
  score,
} from '../../src/density/density.js';
import { identity, near, normalRows, references } from './reference.js';

function kernels(centres: ArrayLike<number>, dim: number, bandwidth: number): KernelDensity {
  return {
    kind: 'kernel',
    dim,
    mean: new Float32Array(dim),
    whitening: identity(dim),
    centres: Float32Array.from(centres),
    bandwidth,
  };
}

/** Two centres, at (0, 0) and (10, 0), in a space that is white already. */
function twoCentres(mix: Mix): NearestDensity {
  return {
    kind: 'nearest',
    dim: 2,
    mix,
    mean: new Float32Array(2),
    whitening: identity(2),
    centres: Float32Array.of(0, 0, 10, 0),
    plainMean: 2,
    plainDeviation: 0.5,
    centreMean: Float32Array.of(1, 3),
    centreDeviation: Float32Array.of(0.25, 2),
  };
}

test('hand case: gaussian', (t) => {
  const whitening = Float32Array.of(0.5, 0, -0.25, 0.5); // of the covariance [[4, 2], [2, 5]]
  const density = { kind: 'gaussian', dim: 2, mean: Float32Array.of(1, 1), whitening } as const;
  // (x − µ) = (2, 1): d² = [2 1]·[[5, −2], [−2, 4]]/16·[2 1]ᵀ = (20 − 8 + 4)/16 = 1
  near(t, score(density, Float32Array.of(3, 2, 1, 1)), [1, 0], 1e-7);
});

test('hand case: nearest, in its three mixes', (t) => {
  const points = Float32Array.of(3, 4, 10, 3); // 5 from the first centre, 3 from the second
  near(t, score(twoCentres('plain'), points), [6, 2], 1e-7);
  near(t, score(twoCentres('local'), points), [16, 0], 1e-7);
  near(t, score(twoCentres('both'), points), [22, 2], 1e-7);
});

for (const reference of references.kernel) {
  const { dim, bandwidth } = reference;
  test(`agrees with scikit-learn's KernelDensity, dim ${dim}, bandwidth ${bandwidth}`, (t) => {
    const scores = score(
      kernels(reference.centres, dim, bandwidth),
      Float32Array.from(reference.points),
    );
    for (const [i, expected] of reference.logDensity.entries()) {
      near(t, [-scores[i]], [expected], 1e-6);
    }
  });
}

test('a kernel density integrates to 1 and survives the far end of the world', (t) => {
  const density = kernels([-1, 0.5, 2], 1, 0.3);
  const x = Float32Array.from({ length: 2000 }, (_, i) => (i - 1000) / 200);
  const integral = score(density, x).reduce((sum, s) => sum + Math.exp(-s) / 200, 0);
  near(t, [integral], [1], 1e-5);
  t.true(Number.isFinite(score(density, Float32Array.of(1e6))[0]));
});

test('location: each cell has its own mean and its own scale', (t) => {
  const density = {
    kind: 'location',
    dim: 1,
    rows: 1,
    cols: 3,
    mean: Float32Array.of(0, 10, 20),
    whitening: Float32Array.of(1, 2, 4),
  } as const;
  const twoGrids = Float32Array.of(1, 10, 18, 0, 13, 20);
  t.deepEqual([...score(density, twoGrids)], [1, 0, 8, 0, 6, 0]);
  t.throws(() => score(density, twoGrids.subarray(1)), { code: 'PL_STATE', message: /1×3/ });
});

test('what rounding made negative counts as 0', (t) => {
  const near0 = Float32Array.of(-1e-6, 100);
  const exact0 = Float32Array.of(0, 100);
  const kernel = kernels([0, 0, 10, 0], 2, 1);
  t.deepEqual(finishKernel(kernel, near0, 1), finishKernel(kernel, exact0, 1));
  t.deepEqual([...finishGaussian(near0)], [0, 10]);
  const index = Int32Array.of(1, 0);
  const nearest = twoCentres('both');
  t.deepEqual(
    finishNearest(nearest, { index, squared: near0 }),
    finishNearest(nearest, { index, squared: exact0 }),
  );
});

test('the distance counts by the mean and deviation of the centre that is named', (t) => {
  const squared = Float32Array.of(25, 65);
  const scores = finishNearest(twoCentres('local'), { index: Int32Array.of(0, 1), squared });
  near(t, scores, [16, (Math.sqrt(65) - 3) / 2], 1e-7);
});

test('scores follow their embeddings, whatever their order', (t) => {
  const rows = normalRows(9, 2, 1);
  const reversed = Float32Array.from({ length: 18 }, (_, i) => rows[16 - 2 * (i >> 1) + (i & 1)]);
  for (const density of [twoCentres('both'), kernels([0, 0, 10, 0], 2, 1)]) {
    t.deepEqual(score(density, reversed), score(density, rows).reverse());
  }
});

test('a density is plain data: its structured clone scores the same', (t) => {
  const rows = normalRows(5, 2, 2);
  for (const density of [twoCentres('both'), kernels([0, 0, 10, 0], 2, 1)]) {
    t.deepEqual(score(structuredClone(density), rows), score(density, rows));
  }
});

test('no embeddings have no scores; a NaN stays one and is not taken for good', (t) => {
  const nan = Float32Array.of(Number.NaN, 0, 3, 4);
  for (const density of [twoCentres('both'), kernels([0, 0, 10, 0], 2, 1)]) {
    t.is(score(density, new Float32Array(0)).length, 0);
    const scores = score(density, nan);
    t.true(Number.isNaN(scores[0]));
    t.true(Number.isFinite(scores[1]));
  }
  t.deepEqual([...finishGaussian(Float32Array.of(Number.NaN, 25))], [Number.NaN, 5]);
});
