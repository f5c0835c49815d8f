import test from 'ava';
import { conformalThreshold, highestIsStray, quantiles } from '../../src/localize/calibrate.js';
import { Random } from '../../src/random.js';

/** 1 … n in an order that is not sorted. */
const upTo = (n: number): number[] =>
  new Random(n).shuffled(Array.from({ length: n }, (_, i) => i + 1));

test('takes the ⌈(n + 1)(1 − α)⌉-th smallest score', (t) => {
  // n, α, rank worked out by hand
  for (const [n, alpha, rank] of [
    [19, 0.05, 19],
    [20, 0.05, 20],
    [39, 0.05, 38],
    [99, 0.01, 99],
    [99, 0.29, 71], // 100 · 0.71, though floating point has 100 · 0.29 below 29
    [10, 0.5, 6],
    [199, 0.015, 197],
  ]) {
    const threshold = conformalThreshold(upTo(n), alpha);
    t.is(threshold.rank, rank, `n ${n}, α ${alpha}`);
    t.is(threshold.value, rank);
    t.is(threshold.alpha, alpha);
    t.is(threshold.requestedAlpha, alpha);
    t.is(threshold.n, n);
  }
});

test('with too few frames takes the highest score and says which rate holds', (t) => {
  const threshold = conformalThreshold(upTo(18), 0.05);
  t.is(threshold.value, 18);
  t.is(threshold.rank, 18);
  t.is(threshold.alpha, 1 / 19);
  t.is(threshold.requestedAlpha, 0.05);
  t.deepEqual(conformalThreshold([0.5], 0.01), {
    value: 0.5,
    requestedAlpha: 0.01,
    alpha: 0.5,
    n: 1,
    rank: 1,
    setBy: [0],
  });
});

test('names the images at and above the rank, highest first', (t) => {
  const scores = [4, 9, 1, 7, 2, 8, 3, 5, 6];
  const { value, setBy } = conformalThreshold(scores, 0.3); // 10 · 0.7: the 7th smallest
  t.is(value, 7);
  t.deepEqual(setBy, [1, 5, 3]);
});

test('false alarms stay below α (Monte Carlo, skewed scores)', (t) => {
  const skewed = (random: Random) => Math.exp(random.normal()) + 0.1 * random.normal();
  for (const [n, alpha] of [
    [19, 0.05],
    [48, 0.05],
    [30, 0.1],
    [6, 0.05],
    [120, 0.01],
  ]) {
    const random = Random.for(5, 'conformal', n);
    const trials = 8000;
    let alarms = 0;
    let promised = 1;
    for (let trial = 0; trial < trials; trial++) {
      const threshold = conformalThreshold(
        Array.from({ length: n }, () => skewed(random)),
        alpha,
      );
      if (skewed(random) > threshold.value) alarms++;
      promised = threshold.alpha;
    }
    // The rate is exactly 1 − rank/(n + 1): at most α, and no more than one rank below it.
    const error = 4 * Math.sqrt((promised * (1 - promised)) / trials);
    t.true(alarms / trials <= promised + error, `n ${n}: ${alarms / trials} > ${promised}`);
    t.true(alarms / trials >= promised - 1 / (n + 1) - error, `n ${n}: ${alarms / trials} too few`);
  }
});

test('tied scores only lower the false alarms', (t) => {
  const threshold = conformalThreshold([1, 2, 2, 2, 2], 0.4); // 6 · 0.6 = 3.6: the 4th
  t.is(threshold.value, 2);
  t.is(threshold.setBy.length, 2);
});

test('refuses a rate that is none, no frames, and scores that are no numbers', (t) => {
  for (const alpha of [0, 1, -0.1, Number.NaN]) {
    t.throws(() => conformalThreshold([1, 2], alpha), { code: 'PL_USAGE' });
  }
  t.throws(() => conformalThreshold([], 0.05), { code: 'PL_DATASET' });
  t.throws(() => conformalThreshold([1, Number.NaN], 0.05), {
    code: 'PL_NUMERIC',
    message: /frame 1/,
  });
  t.throws(() => quantiles([], [0.5]), { code: 'PL_DATASET' });
});

test('quantiles are those of NumPy', (t) => {
  // numpy.quantile(scores, probabilities)
  const found = quantiles([0.31, -1.2, 4.5, 2.25, 0, 3.3, 1.7], [0, 0.1, 0.5, 0.77, 0.95, 1]);
  const expected = [-1.2, -0.48, 1.7, 2.901, 4.14, 4.5];
  t.true(found.every((value, i) => Math.abs(value - expected[i]) < 1e-12));
  t.deepEqual(quantiles([3], [0, 0.3, 1]), [3, 3, 3]);
});

const HIGH = [0, 0.5, 0.9, 1];
const stored = (scores: readonly number[]) =>
  quantiles(scores, HIGH).map((score, i) => ({ p: HIGH[i], score }));

test('a score stands alone where it is five times as far out as the 90 % quantile', (t) => {
  // Median 5, 90 % quantile 9: the limit is 5 + 5 · 4.
  const scores = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  t.false(highestIsStray(stored([...scores, 25])));
  t.true(highestIsStray(stored([...scores, 25.1])));
  t.false(highestIsStray(stored([3, 3, 3, 3]))); // no spread, no outlier
  t.false(highestIsStray([{ p: 0.5, score: 1 }]));
});

test('no score of an exponential distribution stands alone, but for one set of 100 in 60', (t) => {
  const random = new Random(4);
  const alone = Array.from({ length: 1000 }, () =>
    highestIsStray(stored(Array.from({ length: 100 }, () => -Math.log(1 - random.uniform())))),
  );
  const count = alone.filter(Boolean).length; // 16 expected: 1 − (1 − e^(−5 ln 5 − ln 2))^100
  t.true(count >= 4 && count <= 32, `${count} of 1000`);
});
