import test from 'ava';
import { chooseBandwidth } from '../../src/density/bandwidth.js';
import { ledoitWolf } from '../../src/density/covariance.js';
import { score } from '../../src/density/density.js';
import { fitGaussian, fitKernel, fitLocation, fitNearest } from '../../src/density/fit.js';
import { squaredDistances, whiten } from '../../src/density/rows.js';
import { PatchlineError } from '../../src/errors.js';
import { identity, near, normalRows, references } from './reference.js';

const BANDWIDTHS = Array.from({ length: 16 }, (_, i) => 10 ** (i / 10 - 1));

test('gaussian: agrees with scikit-learn and SciPy', (t) => {
  const { dim, rows, points, scores } = references.gaussian;
  near(
    t,
    score(fitGaussian(Float32Array.from(rows), dim), Float32Array.from(points)),
    scores,
    1e-5,
  );
});

test('whitened, the embeddings it was fitted on have mean 0 and covariance I', (t) => {
  const dim = 3;
  const mixing = [2, 0, 0, 1.5, 0.5, 0, -1, 0.3, 0.7]; // lower triangular
  const z = normalRows(40_000, dim, 1);
  const rows = z.map((_, at) => {
    const i = at % dim;
    return mixing.slice(i * dim, i * dim + dim).reduce((s, m, j) => s + m * z[at - i + j], 5);
  });
  const { mean, covariance } = ledoitWolf(whiten(rows, fitGaussian(rows, dim)), dim);
  t.true(Math.hypot(...mean) < 1e-5);
  near(t, covariance, identity(dim), 1e-3);
});

test('nearest: agrees with a NumPy reference in its three mixes', (t) => {
  const reference = references.nearest;
  const { dim } = reference;
  for (const mix of ['plain', 'local', 'both'] as const) {
    const density = fitNearest(
      Float32Array.from(reference.rows),
      dim,
      Float32Array.from(reference.heldOut),
      { centres: 12, mix, seed: 3 },
    );
    near(t, score(density, Float32Array.from(reference.points)), reference[mix], 1e-5);
  }
});

test('nearest: plain and local scores of held-out embeddings have mean 0 and deviation 1', (t) => {
  const rows = normalRows(300, 2, 2);
  const heldOut = normalRows(500, 2, 3);
  for (const mix of ['plain', 'local'] as const) {
    const density = fitNearest(rows, 2, heldOut, { centres: 15, maxRows: 200, mix, seed: 4 });
    const scores = score(density, heldOut);
    const mean = scores.reduce((s, x) => s + x, 0) / 500;
    const variance = scores.reduce((s, x) => s + (x - mean) ** 2, 0) / 500;
    t.true(Math.abs(mean) < 1e-4);
    t.true(Math.abs(variance - 1) < 1e-4);
  }
});

test('nearest: a centre that no held-out embedding is nearest to is judged like all', (t) => {
  const rows = Float32Array.of(0, 1, 50, 2, 3); // the centre at 50 is far from everything held out
  const density = fitNearest(rows, 1, Float32Array.of(0.5, 1.2, 2.2, 2.9), { centres: 5, seed: 1 });
  const lonely = density.centres.indexOf(Math.max(...density.centres));
  near(t, [density.centreMean[lonely]], [density.plainMean], 0.1);
});

for (const { dim, folds, points, bandwidth } of references.bandwidth) {
  const n = points.length / dim;
  test(`kernel: bandwidth of scikit-learn's GridSearchCV, ${n} points in ${folds} folds`, (t) => {
    near(
      t,
      [chooseBandwidth(Float32Array.from(points), dim, BANDWIDTHS, folds)],
      [bandwidth],
      1e-12,
    );
  });
}

test('kernel: centres are whitened rows, its bandwidth is one of those offered', (t) => {
  const rows = normalRows(60, 2, 5).map((x) => 7 * x + 3);
  const density = fitKernel(rows, 2, { centres: 20, folds: 4, bandwidths: [0.2, 0.6], seed: 1 });
  t.is(density.centres.length, 40);
  t.true([0.2, 0.6].includes(density.bandwidth));
  const toRows = squaredDistances(density.centres, whiten(rows, density), 2);
  for (let i = 0; i < 20; i++) t.is(Math.min(...toRows.subarray(i * 60, (i + 1) * 60)), 0);
});

test('location: agrees with a scikit-learn reference of the stated rule', (t) => {
  const { rows, cols, dim, grids, points, scores } = references.location;
  const density = fitLocation(Float32Array.from(grids), rows, cols, dim);
  near(t, score(density, Float32Array.from(points)), scores, 1e-5);
});

test('location: two images of many dimensions and a cell that never varies still work', (t) => {
  const dim = 16;
  const cells = 4;
  const grids = normalRows(2 * cells, dim, 6);
  for (const image of [0, 1]) grids.fill(0.25, image * cells * dim, (image * cells + 1) * dim);
  const density = fitLocation(grids, 2, 2, dim);
  const scores = score(density, normalRows(cells, dim, 7));
  t.true(scores.every((s) => s > 0 && Number.isFinite(s)));
  t.is(score(density, grids)[0], 0);
});

test('the seed decides, and nothing else', (t) => {
  const rows = normalRows(100, 3, 8);
  const heldOut = normalRows(50, 3, 9);
  const nearest = (seed: number) => fitNearest(rows, 3, heldOut, { centres: 9, seed });
  t.deepEqual(nearest(1), nearest(1));
  t.notDeepEqual(nearest(1), nearest(2));
  const kernel = (seed: number) => fitKernel(rows, 3, { centres: 30, folds: 3, seed });
  t.deepEqual(kernel(1), kernel(1));
  t.notDeepEqual(kernel(1), kernel(2));
});

test('good images without variation, or too few, are errors that say so', (t) => {
  const numeric = { instanceOf: PatchlineError, code: 'PL_NUMERIC' };
  const constant = new Float32Array(40).fill(0.3);
  const rows = normalRows(10, 2, 1);
  t.throws(() => fitGaussian(constant, 2), { ...numeric, message: /are equal/ });
  t.throws(() => fitLocation(constant, 2, 2, 2), { ...numeric, message: /are equal/ });
  t.throws(() => fitLocation(rows.subarray(0, 8), 2, 2, 2), { ...numeric, message: /at least 2/ });
  t.throws(() => fitNearest(rows, 2, new Float32Array(0), { centres: 2, seed: 1 }), {
    ...numeric,
    message: /no held-out/,
  });
  t.throws(() => fitKernel(rows, 2, { centres: 1, folds: 5, seed: 1 }), {
    ...numeric,
    message: /2 centres/,
  });
});
