import test from 'ava';
import { falseAlarmChance } from '../../src/evaluate/promise.js';
import { Random } from '../../src/random.js';

const close = (found: number, known: number) => Math.abs(found - known) < 1e-12;

test('by counting orders: the threshold is the highest of 15', (t) => {
  const calibration = { n: 15, alpha: 1 / 16 };
  // The 4 highest of 25 images must all be among the 10 tested.
  const four = (10 * 9 * 8 * 7) / (25 * 24 * 23 * 22);
  t.true(close(falseAlarmChance(4, 10, calibration), four));
  t.is(falseAlarmChance(0, 10, calibration), 1);
  t.true(close(falseAlarmChance(1, 10, calibration), 10 / 25));
});

test('by counting orders: the threshold is the second highest of 3', (t) => {
  // 2 tested; of the 10 ways to place them among 5, both are above in 3: ranks 45, 35 and 34.
  t.true(close(falseAlarmChance(2, 2, { n: 3, alpha: 0.5 }), 3 / 10));
});

test('by drawing', (t) => {
  const random = new Random(8);
  const [n, total, alpha] = [39, 50, 0.05]; // the 38th of 39
  const rounds = 4000;
  let often = 0;
  for (let round = 0; round < rounds; round++) {
    const held = Array.from({ length: n }, () => random.uniform()).sort((a, b) => a - b);
    const above = Array.from({ length: total }, () => random.uniform()).filter((s) => s > held[37]);
    if (above.length >= 5) often++;
  }
  t.true(Math.abs(often / rounds - falseAlarmChance(5, total, { n, alpha })) < 0.02);
});
