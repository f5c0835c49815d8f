import test from 'ava';
import fc from 'fast-check';
import { frameScore } from '../../src/localize/frame-score.js';

test('is the mean of the highest share of the pixels', (t) => {
  const map = Float32Array.of(3, -1, 8, 5, 0, 8, 2, 1, 4, 7);
  t.is(frameScore(map, 0.3), (8 + 8 + 7) / 3);
  t.is(frameScore(map, 1), 37 / 10);
});

test('a share of 0, or of less than a pixel, is the maximum', (t) => {
  const map = Float32Array.of(-3, -1, -8);
  t.is(frameScore(map, 0), -1);
  t.is(frameScore(map, 0.01), -1);
});

test('0.3 % of a 256 px frame are 197 pixels, 1 % are 655', (t) => {
  const map = new Float32Array(65536).fill(1, 1000, 1197);
  t.is(frameScore(map, 0.003), 1);
  map[1000] = 0;
  t.is(frameScore(map, 0.003), 196 / 197);
  t.is(frameScore(map, 0.01), 196 / 655);
});

test('agrees with sorting, whatever the order of the pixels', (t) => {
  const score = fc.integer({ min: -40, max: 40 }).map((value) => value / 8); // ties are frequent
  fc.assert(
    fc.property(
      fc.array(score, { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (scores, share) => {
        const count = Math.max(1, Math.round(share * scores.length));
        const highest = [...scores].sort((a, b) => b - a).slice(0, count);
        const expected = highest.reduce((sum, value) => sum + value, 0) / count;
        t.is(frameScore(Float32Array.from(scores), share), expected); // eighths add up exactly
      },
    ),
    { seed: 4 },
  );
});

test('the region of interest counts its own pixels only', (t) => {
  const map = Float32Array.of(9, 1, 2, 9, 3, 4);
  const mask = Uint8Array.of(0, 1, 255, 0, 1, 1);
  t.is(frameScore(map, 0, mask), 4);
  t.is(frameScore(map, 0.5, mask), 3.5);
  t.is(frameScore(map, 1, mask), 2.5);
});

test('a region of interest without pixels, or of another size, is refused', (t) => {
  const map = new Float32Array(4);
  t.throws(() => frameScore(map, 0, new Uint8Array(4)), { code: 'PL_USAGE', message: /no pixel/ });
  t.throws(() => frameScore(map, 0, new Uint8Array(5).fill(1)), {
    code: 'PL_USAGE',
    message: /5.*4/,
  });
});
