import test from 'ava';
import { PatchlineError } from '../../src/errors.js';
import { judge } from '../../src/localize/verdict.js';

const SIZE = { width: 10, height: 10 };
const OPTIONS = { threshold: 2, share: 0.02, frameSize: { width: 20, height: 20 }, minAreaPx: 0 };

/** Zeros but for some pixels. */
function mapWith(pixels: Record<number, number>): Float32Array {
  const map = new Float32Array(100);
  for (const [index, score] of Object.entries(pixels)) map[Number(index)] = score;
  return map;
}

test('a score above the threshold is anomalous, with its regions', (t) => {
  t.deepEqual(judge(mapWith({ 34: 5, 35: 3 }), SIZE, OPTIONS), {
    verdict: 'anomalous',
    score: 4,
    regions: [{ x: 8, y: 6, width: 4, height: 2, areaPx: 8, peak: 5, mean: 4 }],
  });
});

test('a score at the threshold is ok, and has no regions though a pixel is above', (t) => {
  t.deepEqual(judge(mapWith({ 34: 3, 35: 1 }), SIZE, OPTIONS), {
    verdict: 'ok',
    score: 2,
    regions: [],
  });
});

test('an anomalous frame keeps its strongest region though all are too small', (t) => {
  const { verdict, regions } = judge(mapWith({ 0: 4, 50: 9, 99: 5 }), SIZE, {
    ...OPTIONS,
    minAreaPx: 5,
  });
  t.is(verdict, 'anomalous');
  t.deepEqual(
    regions.map((region) => region.peak),
    [9],
  );
});

test('what lies outside the region of interest does not count', (t) => {
  const mask = new Uint8Array(100).fill(1, 50);
  t.is(judge(mapWith({ 34: 5, 35: 3 }), SIZE, { ...OPTIONS, mask }).verdict, 'ok');
  t.is(judge(mapWith({ 64: 5, 65: 3 }), SIZE, { ...OPTIONS, mask }).verdict, 'anomalous');
});

test('a map that is not finite is rejected, never judged', (t) => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const pixel of [0, 57, 99]) {
      const error = t.throws(() => judge(mapWith({ [pixel]: value }), SIZE, OPTIONS), {
        instanceOf: PatchlineError,
      });
      t.is(error.code, 'PL_NUMERIC');
      t.is(error.disposition, 'reject');
      t.true(error.message.includes(`${value} at pixel ${pixel}`));
    }
  }
});
