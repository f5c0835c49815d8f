import test from 'ava';
import { quietLevel } from '../../src/localize/quiet-level.js';

/** numpy.quantile(scores, 0.25, method='inverted_cdf') */
const CASES: readonly (readonly [number[], number])[] = [
  [[7], 7],
  [[3, -1, 2, 0], -1],
  [[3, -1, 2, 0, 9], 0],
  [[0.5, -2.25, 4, 4, -2.25, 1, 8, 3], -2.25],
  [[5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, 6, 7], -2],
];

test('NumPy’s lower quartile, without interpolation', (t) => {
  for (const [scores, level] of CASES) {
    const given = Float32Array.from(scores);
    t.is(quietLevel(given), level);
    t.deepEqual([...given], scores, 'the scores stay in their order');
  }
});

test('a defect of three quarters of the frame does not move it', (t) => {
  const scores = Float32Array.from({ length: 100 }, (_, i) => (i < 25 ? 1 : 50));
  t.is(quietLevel(scores), 1);
});
