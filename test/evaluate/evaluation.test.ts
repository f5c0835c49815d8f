import test from 'ava';
import {
  evaluateDetector,
  evaluateThreshold,
  measureDetector,
  measureThreshold,
} from '../../src/evaluate/evaluation.js';

const SIZE = { width: 2, height: 1 };
const frame = (kind: string, score: number, map: [number, number]) => ({
  kind,
  good: kind === 'good',
  score,
  map: Float32Array.from(map),
});
const frames = [
  frame('good', 1, [0.1, 0.2]),
  frame('good', 3, [0.3, 0.1]),
  frame('dent', 4, [0.9, 0.1]),
  frame('crack', 2, [0.2, 0.4]),
];
const mask = (left: number, right: number) => Uint8Array.of(left, right);

test('image metrics count every frame', (t) => {
  const { image } = evaluateDetector(frames, [undefined, undefined, mask(1, 0), mask(0, 1)], SIZE);
  t.is(image.auroc, 3 / 4); // of (defect, good): 4 > 1, 4 > 3, 2 > 1, but 2 < 3
});

test('pixel metrics leave out defects without a mask, and count good frames', (t) => {
  const all = evaluateDetector(frames, [undefined, undefined, mask(1, 0), mask(0, 1)], SIZE);
  t.is(all.pixel?.auroc, 1); // 0.9 and 0.4 above all others
  const some = evaluateDetector(frames, [undefined, undefined, undefined, mask(1, 0)], SIZE);
  // 0.2 against 0.4 of its own frame and 0.1, 0.2, 0.3, 0.1 of the good ones: 2 and a tie of 5
  t.is(some.pixel?.auroc, 2.5 / 5);
});

test('without any mask there are no pixel metrics', (t) => {
  const { pixel } = evaluateDetector(frames, [undefined, undefined, undefined, undefined], SIZE);
  t.is(pixel, undefined);
});

test('a threshold is judged as a whole and by kind', (t) => {
  const { falseAlarm, detection, kinds } = evaluateThreshold(frames, 2);
  t.like(falseAlarm, { count: 1, total: 2 });
  t.like(detection, { count: 1, total: 2 }); // a score of just the threshold is ok
  t.deepEqual(
    kinds.map(({ kind, detection: own }) => [kind, own.count, own.total]),
    [
      ['dent', 1, 1],
      ['crack', 0, 1],
    ],
  );
});

const NO_MASK = [undefined, undefined];

test('without good or without defective frames, what is left is measured', (t) => {
  const [good, defective] = [frames.slice(0, 2), frames.slice(2)];
  const none = { image: undefined, pixel: undefined };
  t.deepEqual(measureDetector(good, NO_MASK, SIZE), { metrics: none, curves: none });
  t.like(measureThreshold(good, 2), { falseAlarm: { count: 1, total: 2 }, detection: undefined });
  const { metrics } = measureDetector(defective, [mask(1, 0), mask(0, 1)], SIZE);
  t.is(metrics.image, undefined);
  t.is(metrics.pixel?.auroc, 1); // good pixels are there: 0.9 and 0.4 above 0.1 and 0.2
  t.like(measureThreshold(defective, 2), { falseAlarm: undefined, detection: { count: 1 } });
});

test('an evaluation needs both', (t) => {
  for (const part of [frames.slice(0, 2), frames.slice(2)]) {
    for (const run of [
      () => evaluateDetector(part, NO_MASK, SIZE),
      () => evaluateThreshold(part, 2),
    ]) {
      t.like(t.throws(run), { code: 'PL_DATASET', disposition: 'usage' });
    }
  }
});
