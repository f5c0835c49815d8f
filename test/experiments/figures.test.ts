import test from 'ava';
import { figuresOf } from '../../src/experiments/figures.js';

const SIZE = { width: 2, height: 1 };

const frame = (good: boolean, map: readonly number[]) => ({
  kind: good ? 'good' : 'spot',
  good,
  map: Float32Array.from(map),
  score: Math.max(...map),
});

test('thresholds come from the held-out scores, for both rates', (t) => {
  const frames = [
    frame(true, [0, 1]),
    frame(true, [0, 25]),
    frame(false, [0, 19.5]),
    frame(false, [0, 30]),
  ];
  const masks = [undefined, undefined, Uint8Array.of(0, 1), Uint8Array.of(0, 1)];
  const heldOut = Array.from({ length: 20 }, (_, i) => i + 1);
  const { image, thresholds } = figuresOf(frames, masks, heldOut, SIZE);
  t.is(image.auroc, 0.75); // of the four pairs only (25, 19.5) is in the wrong order
  t.is(image.heldOutAuroc, 0.975); // of forty pairs only (20, 19.5)
  const counts = { heldOut: 20, good: 2, defective: 2 };
  // ⌈21 · 0.95⌉ = the 20th of 20; a rate of 1 % takes 99 images, 20 can promise 1/21.
  t.deepEqual(thresholds, [
    { asked: 0.05, alpha: 0.05, falseAlarms: 1, found: 1, ...counts },
    { asked: 0.01, alpha: 0.0476, falseAlarms: 1, found: 1, ...counts },
  ]);
});

test('without any mask there is no pixel to count', (t) => {
  const frames = [frame(true, [0, 1]), frame(false, [0, 2])];
  t.throws(() => figuresOf(frames, [undefined, undefined], [1], SIZE), { code: 'PL_DATASET' });
});
