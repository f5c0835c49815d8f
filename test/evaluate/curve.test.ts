import test from 'ava';
import { type Curve, cutAt, thinned } from '../../src/evaluate/curve.js';

const curve = (...points: [number, number][]): Curve => ({
  x: Float64Array.from(points, ([x]) => x),
  y: Float64Array.from(points, ([, y]) => y),
});
const pointsOf = ({ x, y }: Curve) => [...x].map((value, i) => [value, y[i]]);

test('a cut is on the line between two corners', (t) => {
  const line = curve([0, 0], [0, 0.5], [0.5, 1], [1, 1]);
  t.deepEqual(pointsOf(cutAt(line, 0.25)), [
    [0, 0],
    [0, 0.5],
    [0.25, 0.75],
  ]);
  t.deepEqual(cutAt(line, 1), line);
});

test('a curve of millions of pixels is cut, too', (t) => {
  const x = Float64Array.from({ length: 300_001 }, (_, i) => i / 300_000);
  const { x: cut } = cutAt({ x, y: x }, 0.500001);
  t.deepEqual([cut.length, cut.at(-1)], [150_002, 0.500001]);
});

test('fewer corners, none further from the next than was asked, and the last stays', (t) => {
  const steps = Array.from({ length: 1001 }, (_, i): [number, number] => [i / 1000, i / 1000]);
  const points = pointsOf(thinned(curve(...steps), 0.05));
  t.true(points.length <= 22);
  t.deepEqual(
    [points[0], points.at(-1)],
    [
      [0, 0],
      [1, 1],
    ],
  );
  for (const [i, [x]] of points.entries()) t.true(i === 0 || x - points[i - 1][0] < 0.052);
  const corner = curve([0, 0], [0, 1], [1, 1]);
  t.deepEqual(thinned(corner, 0.05), corner);
});
