import test from 'ava';
import { scoreShift } from '../../src/evaluate/score-shift.js';
import { quantiles } from '../../src/localize/calibrate.js';
import { Random } from '../../src/random.js';

const STORED = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];

const calibrationOf = (scores: readonly number[]) => ({
  n: scores.length,
  quantiles: quantiles(scores, STORED).map((score, i) => ({ p: STORED[i], score })),
});

test('by hand: ranks among 0 … 100 are hundredths', (t) => {
  const calibration = calibrationOf(Array.from({ length: 101 }, (_, i) => i));
  const { value, limit } = scoreShift([20, 40], calibration); // mean rank 0.3
  t.true(Math.abs(value + 0.4) < 1e-12);
  // scipy.stats.mannwhitneyu's asymptotic U without ties: deviation √(2·101·104/12) of 202 pairs
  t.true(Math.abs(limit - (2 * 2.576 * Math.sqrt((2 * 101 * 104) / 12)) / 202) < 1e-12);
  t.is(scoreShift([-5], calibration).value, -1);
  t.is(scoreShift([101], calibration).value, 1);
});

test('chance is beyond the limit once in a hundred, whatever the sizes', (t) => {
  const random = new Random(3);
  const scores = (count: number) => Array.from({ length: count }, () => random.normal() ** 2);
  for (const [n, tested] of [
    [116, 41],
    [41, 60],
  ]) {
    let beyond = 0;
    for (let round = 0; round < 4000; round++) {
      const { value, limit } = scoreShift(scores(tested), calibrationOf(scores(n)));
      if (Math.abs(value) > limit) beyond++;
    }
    t.true(beyond < 80, `${beyond} of 4000 with ${n} and ${tested}`); // 40 expected
    t.true(beyond > 15, `${beyond} of 4000 with ${n} and ${tested}`);
  }
});
