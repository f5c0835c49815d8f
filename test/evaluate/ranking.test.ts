import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { auroc, averagePrecision, f1Max, rocCurve } from '../../src/evaluate/ranking.js';
import { Sweep } from '../../src/evaluate/sweep.js';

interface RankingCase {
  readonly name: string;
  readonly scores: number[];
  readonly labels: number[];
  readonly auroc: number;
  readonly ap: number;
  readonly f1Max: { readonly f1: number; readonly threshold: number };
  readonly roc: { readonly fpr: number[]; readonly tpr: number[] };
}

// scikit-learn's figures, written by test/data/metrics.py.
const { rankings } = JSON.parse(readFileSync('test/data/metrics.json', 'utf8')) as {
  rankings: RankingCase[];
};

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-12;
const marks = (...labels: number[]) => Uint8Array.from(labels);

for (const kind of [Float32Array, Float64Array]) {
  for (const known of rankings) {
    test(`agrees with scikit-learn: ${known.name}, ${kind.name}`, (t) => {
      const scores = kind.from(known.scores);
      const labels = Uint8Array.from(known.labels);
      t.true(near(auroc(scores, labels), known.auroc));
      t.true(near(averagePrecision(scores, labels), known.ap));
      const best = f1Max(scores, labels);
      t.true(near(best.f1, known.f1Max.f1));
      t.is(best.threshold, known.f1Max.threshold);
    });
  }
}

for (const { name, scores, labels, auroc: area, roc } of rankings) {
  test(`the ROC curve has all corners of scikit-learn's: ${name}`, (t) => {
    const { x: fpr, y: tpr } = rocCurve(Float64Array.from(scores), Uint8Array.from(labels));
    const known = new Set(roc.fpr.map((x, i) => `${x} ${roc.tpr[i]}`));
    let trapezoids = 0;
    for (let i = 0; i < fpr.length; i++) {
      t.true(known.has(`${fpr[i]} ${tpr[i]}`));
      if (i > 0) trapezoids += ((fpr[i] - fpr[i - 1]) * (tpr[i] + tpr[i - 1])) / 2;
    }
    t.deepEqual([fpr[0], tpr[0], fpr.at(-1), tpr.at(-1)], [0, 0, 1, 1]);
    t.true(near(trapezoids, area)); // a missing corner would cost area
  });
}

test('four samples by hand', (t) => {
  // Good 1 and 2, anomalous 2 and 3. Pairs (3,1) (3,2) (2,1) in order, (2,2) a tie: 3.5 of 4.
  const scores = Float32Array.of(1, 2, 2, 3);
  const labels = marks(0, 1, 0, 1);
  t.is(auroc(scores, labels), 3.5 / 4);
  // At 3: recall 1/2, precision 1. At 2: recall 1, precision 2/3.
  t.true(near(averagePrecision(scores, labels), 1 / 2 + (1 / 2) * (2 / 3)));
  // F1 at 3: 2/(2+1) = 2/3, at 2: 4/(4+1) = 4/5.
  t.deepEqual(f1Max(scores, labels), { f1: 4 / 5, threshold: 2 });
  const { x: fpr, y: tpr } = rocCurve(scores, labels);
  t.deepEqual([...fpr], [0, 0, 0.5, 1]);
  t.deepEqual([...tpr], [0, 0.5, 1, 1]);
});

test('0 and -0 tie', (t) => {
  t.is(auroc(Float32Array.of(0, -0), marks(0, 1)), 0.5);
  t.is(auroc(Float32Array.of(-0, 0), marks(0, 1)), 0.5);
});

test('of thresholds with the same F1 the highest is given', (t) => {
  // At 4: TP 1, FP 0, FN 2 → 2/4. At 1: TP 3, FP 6 → 6/12. Both are 1/2.
  const scores = Float64Array.of(4, 3, 3, 3, 3, 3, 3, 1, 1);
  t.deepEqual(f1Max(scores, marks(1, 0, 0, 0, 0, 0, 0, 1, 1)), { f1: 0.5, threshold: 4 });
});

test('scores and labels are left as they were', (t) => {
  const scores = Float32Array.of(3, 1, 2);
  const labels = marks(0, 1, 0);
  auroc(scores, labels);
  t.deepEqual([...scores, ...labels], [3, 1, 2, 0, 1, 0]);
});

test('refuses scores that are not finite, and says which', (t) => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const parts = [Float32Array.of(1, 2), Float32Array.of(3, bad)];
    const error = t.throws(() => new Sweep(parts, [marks(0, 1), marks(0, 1)]));
    t.like(error, { code: 'PL_NUMERIC', message: `scores[1][1] is ${bad}` });
  }
});

test('refuses one class alone and labels of another length', (t) => {
  const scores = Float32Array.of(1, 2);
  t.throws(() => auroc(scores, marks(0, 0)), { instanceOf: RangeError, message: /0 of 2/ });
  t.throws(() => auroc(scores, marks(1, 1)), { instanceOf: RangeError, message: /2 of 2/ });
  t.throws(() => auroc(new Float32Array(0), marks()), { instanceOf: RangeError });
  t.throws(() => auroc(scores, marks(0, 1, 0)), { instanceOf: RangeError, message: /3 labels/ });
  t.throws(() => new Sweep([scores, scores], [marks(0, 1)]), { instanceOf: RangeError });
});

/** Small integers, so that ties are frequent, with both classes in. */
const samples = fc
  .array(
    fc.record({ score: fc.integer({ min: -6, max: 6 }), label: fc.integer({ min: 0, max: 1 }) }),
  )
  .map((extra) => [{ score: 0, label: 0 }, { score: 1, label: 1 }, ...extra])
  .map((all) => ({
    scores: Float64Array.from(all, ({ score }) => score),
    labels: Uint8Array.from(all, ({ label }) => label),
  }));

test('AUROC is the share of pairs in order, and of negated scores the rest', (t) => {
  fc.assert(
    fc.property(samples, ({ scores, labels }) => {
      let ordered = 0;
      let pairs = 0;
      for (const [i, a] of scores.entries()) {
        for (const [j, g] of scores.entries()) {
          if (labels[i] !== 1 || labels[j] !== 0) continue;
          pairs++;
          ordered += a > g ? 1 : a === g ? 0.5 : 0;
        }
      }
      const area = auroc(scores, labels);
      const mirrored = auroc(
        scores.map((score) => -score),
        labels,
      );
      return near(area, ordered / pairs) && near(mirrored, 1 - area);
    }),
    { seed: 2 },
  );
  t.pass();
});

test('only the order of scores counts, and not the order of samples', (t) => {
  fc.assert(
    fc.property(samples, ({ scores, labels }) => {
      const curved = scores.map((score) => Math.exp(score / 2) - 9);
      const f1 = f1Max(scores, labels);
      const curvedF1 = f1Max(curved, labels);
      return (
        auroc(curved, labels) === auroc(scores, labels) &&
        averagePrecision(curved, labels) === averagePrecision(scores, labels) &&
        curvedF1.f1 === f1.f1 &&
        curvedF1.threshold === Math.exp(f1.threshold / 2) - 9 &&
        averagePrecision(scores.toReversed(), labels.toReversed()) ===
          averagePrecision(scores, labels)
      );
    }),
    { seed: 3 },
  );
  t.pass();
});

test('samples in parts rank like the samples in one', (t) => {
  const whole = new Sweep([Float32Array.of(5, 1, 4, 2, 2)], [marks(1, 0, 0, 1, 0)]);
  const parts = [Float32Array.of(5, 1), new Float32Array(0), Float32Array.of(4, 2, 2)];
  t.deepEqual(new Sweep(parts, [marks(1, 0), marks(), marks(0, 1, 0)]), whole);
  t.deepEqual([...whole.thresholds], [5, 2]);
  t.deepEqual([...whole.truePositives], [1, 2]);
  t.deepEqual([...whole.falseAbove], [0, 1]);
  t.deepEqual([...whole.falsePositives], [0, 2]);
});
