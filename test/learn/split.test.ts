import test from 'ava';
import fc from 'fast-check';
import { splitImages } from '../../src/learn/split.js';

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test('three sets that share nothing and leave nothing out', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 400 }), fc.nat(), (n, seed) => {
      const { fit, standardise, calibrate } = splitImages(numbers(n), seed);
      const all = [...fit, ...standardise, ...calibrate];
      t.is(all.length, n);
      t.is(new Set(all).size, n);
      t.true(fit.length >= n / 2 && standardise.length >= 1 && calibrate.length >= 1);
      const heldOut = standardise.length + calibrate.length;
      t.is(heldOut, Math.min(Math.floor(n / 2), Math.max(6, Math.round(0.45 * n))));
      t.is(standardise.length, Math.max(Math.min(2, heldOut - 1), Math.floor(heldOut / 5)));
    }),
    { numRuns: 60 },
  );
});

test('the seed decides, and nothing else', (t) => {
  t.deepEqual(splitImages(numbers(40), 3), splitImages(numbers(40), 3));
  t.notDeepEqual(splitImages(numbers(40), 3), splitImages(numbers(40), 4));
});

test('too few images are an error that says how many there are and how many it takes', (t) => {
  for (const n of [0, 1, 3]) {
    const error = t.throws(() => splitImages(numbers(n), 1), { code: 'PL_DATASET' });
    t.regex(error.message, new RegExp(`^${n} good images`));
  }
  t.notThrows(() => splitImages(numbers(4), 1));
});

test('the numbers of the hint are those that reach the false-alarm rates', (t) => {
  const error = t.throws(() => splitImages([], 1)) as { hint?: string };
  for (const [rate, heldOut] of [
    ['5 %', 19],
    ['1 %', 99],
  ] as const) {
    let n = 4;
    while (splitImages(numbers(n), 1).calibrate.length < heldOut) n++;
    t.regex(error.hint ?? '', new RegExp(`rate of ${rate} needs ${n}\\b`));
  }
});
