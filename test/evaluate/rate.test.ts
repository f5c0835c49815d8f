import { readFileSync } from 'node:fs';
import test from 'ava';
import { rate } from '../../src/evaluate/rate.js';

interface Interval {
  readonly count: number;
  readonly total: number;
  readonly low: number;
  readonly high: number;
}

// SciPy's binomtest(…).proportion_ci(0.95, method='wilson'), written by test/data/metrics.py.
const { rates } = JSON.parse(readFileSync('test/data/metrics.json', 'utf8')) as {
  rates: Interval[];
};

for (const { count, total, low, high } of rates) {
  test(`the interval of ${count} of ${total} agrees with SciPy`, (t) => {
    const found = rate(count, total);
    t.is(found.value, count / total);
    t.true(Math.abs(found.low - low) < 1e-12 && Math.abs(found.high - high) < 1e-12);
    t.true(found.low >= 0 && found.high <= 1);
  });
}

test('refuses what is no rate', (t) => {
  for (const [count, total] of [
    [0, 0],
    [2, 1],
    [-1, 3],
    [Number.NaN, 3],
  ]) {
    t.throws(() => rate(count, total), { instanceOf: RangeError });
  }
});
