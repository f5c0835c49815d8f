import { readFileSync } from 'node:fs';
import test from 'ava';
import { rate, verdictRates } from '../../src/evaluate/verdicts.js';

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

test('an image is anomalous above the threshold, not at it', (t) => {
  const scores = Float32Array.of(1, 2, 3, 4, 2, 3, 5);
  const labels = Uint8Array.of(0, 0, 0, 0, 1, 1, 1);
  const { falseAlarm, detection } = verdictRates(scores, labels, 3);
  t.like(falseAlarm, { count: 1, total: 4, value: 0.25 });
  t.like(detection, { count: 1, total: 3, value: 1 / 3 });
});

test('both kinds of image must occur', (t) => {
  const scores = Float64Array.of(1, 2);
  for (const label of [0, 1]) {
    const error = t.throws(() => verdictRates(scores, Uint8Array.of(label, label), 1));
    t.like(error, { code: 'PL_DATASET', disposition: 'usage' });
  }
});

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
