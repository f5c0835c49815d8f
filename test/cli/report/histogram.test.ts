import test from 'ava';
import fc from 'fast-check';
import { binsFor, countIn } from '../../../src/cli/report/histogram.js';
import { roundTicks } from '../../../src/cli/report/plot.js';

test('hand case: a bin holds its upper edge, and the threshold is an edge', (t) => {
  const bins = { threshold: 2, width: 1, below: 2, above: 3 }; // (0,1] (1,2] | (2,3] (3,4] (4,5]
  const scores = [0.5, 1, 1.5, 2, 2.0001, 3, 4.5, 9, -3];
  t.deepEqual(countIn(bins, scores), [3, 2, 2, 0, 2]);
});

test('every score is counted, on its side of the threshold', (t) => {
  const score = fc.double({ min: -1e4, max: 1e4, noNaN: true });
  fc.assert(
    fc.property(fc.array(score, { minLength: 1 }), score, (scores, threshold) => {
      const bins = binsFor(scores, threshold);
      const counts = countIn(bins, scores);
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
      t.is(sum(counts.slice(0, bins.below)), scores.filter((s) => s <= threshold).length);
      t.is(sum(counts), scores.length);
      t.true(counts.length <= 40 && bins.width > 0);
    }),
    { seed: 1 },
  );
});

test('one outlier does not flatten the rest', (t) => {
  const { threshold, width, above } = binsFor([0, 1, 2, 1000], 2);
  t.true(Math.abs(threshold + above * width - 6) < 1); // three times as far as the threshold
});

test('ticks are round and within', (t) => {
  const close = (found: number[], known: number[]) => {
    t.is(found.length, known.length, String(found));
    for (const [i, value] of found.entries()) t.true(Math.abs(value - known[i]) < 1e-12);
  };
  close(roundTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  close(roundTicks(0, 0.3, 5), [0, 0.1, 0.2, 0.3]);
  close(roundTicks(6, 89, 6), [20, 40, 60, 80]);
  close(roundTicks(-3, 3, 6), [-3, -2, -1, 0, 1, 2, 3]);
});
