import test from 'ava';
import { kmeans } from '../../src/density/kmeans.js';
import { nearestCentres, squaredDistances } from '../../src/density/rows.js';
import { Random } from '../../src/random.js';
import { near, normalRows } from './reference.js';

/** Mean squared distance to the nearest centre. */
function inertia(points: Float32Array, centres: Float32Array, dim: number): number {
  const { squared } = nearestCentres(points, centres, dim);
  return squared.reduce((sum, d) => sum + d, 0) / squared.length;
}

test('hand case: two groups on a line', (t) => {
  const points = Float32Array.of(0, 1, 2, 100, 101, 102);
  for (let seed = 0; seed < 20; seed++) {
    const centres = kmeans(points, 1, 2, new Random(seed));
    t.deepEqual(
      [...centres].sort((a, b) => a - b),
      [1, 101],
    );
  }
});

test('one centre is the mean of all points', (t) => {
  const points = normalRows(400, 2, 3);
  const mean = (d: number) => points.reduce((s, x, i) => s + (i % 2 === d ? x : 0), 0) / 400;
  near(t, kmeans(points, 2, 1, new Random(1)), [mean(0), mean(1)], 1e-6);
});

test('iterations improve on the random points they start from', (t) => {
  const dim = 4;
  const points = normalRows(500, dim, 4);
  const random = points.subarray(0, 20 * dim);
  t.true(
    inertia(points, kmeans(points, dim, 20, new Random(2)), dim) <
      0.8 * inertia(points, random, dim),
  );
});

test('a centre that no point is nearest to stays where it is', (t) => {
  const points = Float32Array.of(5, 5, 5, 9); // three equal: two of their centres are empty
  const centres = kmeans(points, 1, 4, new Random(0));
  t.deepEqual([...centres].sort(), [5, 5, 5, 9]);
});

test('fewer points than centres: each point is one', (t) => {
  t.deepEqual([...kmeans(Float32Array.of(3, 1, 2), 1, 8, new Random(0))].sort(), [1, 2, 3]);
});

test('the seed decides', (t) => {
  const points = normalRows(200, 3, 5);
  const first = kmeans(points, 3, 10, new Random(1));
  t.deepEqual(first, kmeans(points, 3, 10, new Random(1)));
  t.notDeepEqual(first, kmeans(points, 3, 10, new Random(2)));
});

test('the nearest centre is the least of all distances, the first of equals', (t) => {
  const points = normalRows(30, 3, 6);
  const centres = normalRows(7, 3, 7);
  const all = squaredDistances(points, centres, 3);
  const { index, squared } = nearestCentres(points, centres, 3);
  for (let i = 0; i < 30; i++) {
    const row = [...all.subarray(i * 7, (i + 1) * 7)];
    t.is(squared[i], Math.min(...row));
    t.is(index[i], row.indexOf(Math.min(...row)));
  }
  t.is(nearestCentres(Float32Array.of(0), Float32Array.of(-1, 1), 1).index[0], 0);
});
