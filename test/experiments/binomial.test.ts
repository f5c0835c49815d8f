import test from 'ava';
import { binomialInterval } from '../../src/experiments/binomial.js';

// SciPy 1.17.1: scipy.stats.binom.interval(0.95, n, p)
const EXPECTED = [
  [1, 0.5, 0, 1],
  [5, 0.0625, 0, 2],
  [41, 0.05, 0, 5],
  [41, 0.01, 0, 2],
  [56, 0.05, 0, 6],
  [56, 0.0114, 0, 3],
  [60, 0.05, 0, 7],
  [60, 0.0238, 0, 4],
  [1000, 0.05, 37, 64],
  [5000, 0.5, 2431, 2569],
];

for (const [n, p, low, high] of EXPECTED) {
  test(`${n} trials of probability ${p}`, (t) => {
    t.deepEqual(binomialInterval(n, p), [low, high]);
  });
}
