import test from 'ava';
import type { Localization } from '../../src/detect/localizer.js';
import { calibrate } from '../../src/learn/calibrate.js';
import { smallSpec } from '../helpers/models.js';

/** A detector whose map of image n is [0, n, 0, 0 …]. */
const detector = {
  spec: smallSpec({ topShare: 0 }),
  wantsStatistics: false,
  localize: async ({
    groups,
  }: {
    groups: readonly { pixels: Uint8Array }[];
  }): Promise<Localization> => {
    const n = groups[0].pixels[0];
    const grid = {
      rows: 1,
      cols: 3,
      stride: 4,
      offset: 31.5,
      scores: Float32Array.of(-9, n / 10, 9),
    };
    return { grid, map: Float32Array.of(0, n, 0, 0), timings: { density: 0, map: 0 } };
  },
};

/** Images that say their number in their first byte. */
const images = (numbers: readonly number[]) =>
  numbers.map((n) => ({
    name: `${n}.png`,
    pixels: { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(n) },
  }));

test('hand case: 9 images at a false-alarm rate of 20 %', async (t) => {
  const done: number[] = [];
  const held = images([4, 8, 1, 9, 3, 5, 2, 7, 6]);
  const calibration = await calibrate(detector, held, 0.2, (n) => done.push(n));
  t.is(calibration.threshold, 8); // ⌈10 · 0.8⌉ = 8th smallest
  t.like(calibration, { requestedAlpha: 0.2, alpha: 0.2, n: 9 });
  t.deepEqual(calibration.setBy, [
    { image: '9.png', score: 9 },
    { image: '8.png', score: 8 },
  ]);
  const scoreAt = new Map(calibration.quantiles.map(({ p, score }) => [p, score]));
  t.is(scoreAt.get(0), 1);
  t.is(scoreAt.get(0.5), 5);
  t.is(scoreAt.get(0.25), 3);
  t.is(scoreAt.get(1), 9);
  t.true(Math.abs(calibration.quiet - 0.5) < 1e-6); // median of the medians 0.1 … 0.9
  t.deepEqual(done, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('too few images for the rate: the highest score, and the rate that holds', async (t) => {
  const calibration = await calibrate(detector, images([2, 3, 1]), 0.05);
  t.like(calibration, { threshold: 3, requestedAlpha: 0.05, alpha: 0.25, n: 3 });
});

test('many images at or above the threshold: the highest 12 are named', async (t) => {
  const { setBy } = await calibrate(detector, images([...Array(100).keys()]), 0.5);
  t.is(setBy.length, 12);
  t.is(setBy[0].image, '99.png');
});

test('an abort ends it after the image at hand', async (t) => {
  const controller = new AbortController();
  const reason = new Error('stop');
  let seen = 0;
  const running = calibrate(
    detector,
    images([1, 2, 3]),
    0.2,
    () => {
      seen++;
      controller.abort(reason);
    },
    controller.signal,
  );
  await t.throwsAsync(running, { is: reason });
  t.is(seen, 1);
});
