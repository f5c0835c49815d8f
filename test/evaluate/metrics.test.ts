import { readFileSync } from 'node:fs';
import test from 'ava';
import { aupro, proCurve, regionOverlap } from '../../src/evaluate/aupro.js';
import { type Curve, cutAt } from '../../src/evaluate/curve.js';
import { measureImages, measurePixels, type PixelMetrics } from '../../src/evaluate/metrics.js';
import { Sweep } from '../../src/evaluate/sweep.js';

interface PixelCase extends PixelMetrics {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly maps: number[][];
  readonly masks: number[][];
}

// AUPRO by brute force, the rest by scikit-learn; written by test/data/metrics.py.
const { pixels } = JSON.parse(readFileSync('test/data/metrics.json', 'utf8')) as {
  pixels: PixelCase[];
};

const floats = (arrays: number[][]) => arrays.map((array) => Float32Array.from(array));
const bytes = (arrays: number[][]) => arrays.map((array) => Uint8Array.from(array));

for (const { name, width, height, maps, masks, ...expected } of pixels) {
  test(`pixel metrics agree with the reference: ${name}`, (t) => {
    const { metrics: found } = measurePixels(floats(maps), bytes(masks), { width, height });
    t.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    for (const key of ['auroc', 'ap', 'aupro30', 'aupro05', 'f1Max'] as const) {
      t.true(Math.abs(found[key] - expected[key]) <= 1e-12, `${key}: ${found[key]}`);
    }
  });

  test(`the areas under the curves are the reference's: ${name}`, (t) => {
    const { curves } = measurePixels(floats(maps), bytes(masks), { width, height });
    const close = (found: number, known: number) => t.true(Math.abs(found - known) <= 1e-12);
    close(areaUnder(curves.roc), expected.auroc);
    close(areaUnder(cutAt(curves.pro, 0.3)) / 0.3, expected.aupro30);
    close(areaUnder(cutAt(curves.pro, 0.05)) / 0.05, expected.aupro05);
    for (const { x, y } of [curves.roc, curves.pro]) {
      t.deepEqual([x[0], y[0], x.at(-1), y.at(-1)], [0, 0, 1, 1]);
    }
  });

  test(`only the order of scores counts, and masks may be 255: ${name}`, (t) => {
    const curved = maps.map((map) => Float32Array.from(map, (score) => score * 8 - 100));
    const white = masks.map((mask) => Uint8Array.from(mask, (value) => value * 255));
    const size = { width, height };
    t.deepEqual(
      measurePixels(curved, white, size),
      measurePixels(
        curved.map((map) => map.map((score) => score / 2 + 3)),
        bytes(masks),
        size,
      ),
    );
  });
}

/** By trapezoids: a corner that is missing costs area. */
function areaUnder({ x, y }: Curve): number {
  let area = 0;
  for (let i = 1; i < x.length; i++) area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2;
  return area;
}

// Six pixels in a row: a region of two, a good pixel, a region of one, two good pixels.
const row = { width: 6, height: 1 };
const mask = Uint8Array.of(1, 1, 0, 1, 0, 0);

function auproOf(map: number[], limit: number): number {
  const maps = [Float32Array.from(map)];
  const sweep = new Sweep(maps, [mask]);
  return aupro(sweep, regionOverlap(sweep, maps, [mask], row), limit);
}

test('region overlap by hand: regions count alike, whatever their area', (t) => {
  const maps = [Float32Array.of(9, 5, 4, 7, 5, 1)];
  const sweep = new Sweep(maps, [mask]);
  t.deepEqual([...sweep.thresholds], [9, 7, 5]);
  const overlap = regionOverlap(sweep, maps, [mask], row);
  t.deepEqual([...overlap], [0.25, 0.75, 1]);
  // At 9 and 7 no good pixel, at 5 one of three, which ties with the last defective one.
  const { x, y } = proCurve(sweep, overlap);
  t.deepEqual([...x], [0, 0, 0, 1 / 3, 1]);
  t.deepEqual([...y], [0, 0.25, 0.75, 1, 1]);
});

test('AUPRO by hand, with the limit before, within and behind a tie', (t) => {
  // Overlap 3/4 at no false positive, then straight to 1 at one of the three good pixels.
  const map = [9, 5, 4, 7, 5, 1];
  const close = (found: number, expected: number) => t.true(Math.abs(found - expected) < 1e-12);
  close(auproOf(map, 1), (7 / 8 + 1 + 1) / 3);
  close(auproOf(map, 1 / 3), 7 / 8);
  close(auproOf(map, 1 / 6), 13 / 16); // half way: from 3/4 to 7/8
  close(auproOf(map, 1 / 2), (7 / 8 + 1 / 2) / 1.5);
});

test('AUPRO of perfect, flat and inverted maps', (t) => {
  t.is(auproOf([2, 2, 1, 3, 0, 0], 0.3), 1);
  t.true(Math.abs(auproOf([1, 1, 1, 1, 1, 1], 0.3) - 0.15) < 1e-12); // the diagonal
  t.is(auproOf([0, 0, 1, 0, 1, 1], 0.3), 0);
});

test('pixels that touch at a corner are one region', (t) => {
  const size = { width: 2, height: 2 };
  const diagonal = [Uint8Array.of(1, 0, 0, 1)];
  const maps = [Float32Array.of(4, 1, 2, 3)];
  const sweep = new Sweep(maps, diagonal);
  t.deepEqual([...regionOverlap(sweep, maps, diagonal, size)], [0.5, 1]);
});

test('image metrics by hand', (t) => {
  const scores = Float64Array.of(1, 2, 2, 3);
  const { metrics, roc } = measureImages(scores, Uint8Array.of(0, 1, 0, 1));
  t.deepEqual(metrics, { auroc: 3.5 / 4, f1Max: 4 / 5 });
  t.deepEqual(
    [[...roc.x], [...roc.y]],
    [
      [0, 0, 0.5, 1],
      [0, 0.5, 1, 1],
    ],
  );
});

test('says which kind of image or pixel is missing, and what to do', (t) => {
  const scores = Float64Array.of(1, 2);
  const missing = (run: () => unknown, message: string, hint: RegExp) => {
    const error = t.throws(run);
    t.like(error, { code: 'PL_DATASET', disposition: 'usage', message });
    t.regex((error as { hint?: string }).hint ?? '', hint);
  };
  missing(
    () => measureImages(scores, Uint8Array.of(1, 1)),
    'none of the 2 test images is good',
    /test\/good/,
  );
  missing(
    () => measureImages(scores, Uint8Array.of(0, 0)),
    'none of the 2 test images is anomalous',
    /test\/<defect>/,
  );
  const maps = [Float32Array.of(1, 2)];
  const size = { width: 2, height: 1 };
  missing(
    () => measurePixels(maps, [Uint8Array.of(0, 0)], size),
    'none of the 2 test pixels is anomalous',
    /ground_truth/,
  );
  missing(
    () => measurePixels(maps, [Uint8Array.of(1, 1)], size),
    'none of the 2 test pixels is good',
    /inverted/,
  );
  missing(() => measurePixels([], [], size), 'there are no test pixels', /test\/<defect>/);
});

test('refuses NaN scores and maps of another size', (t) => {
  const size = { width: 2, height: 1 };
  const maps = [Float32Array.of(1, Number.NaN)];
  t.like(
    t.throws(() => measurePixels(maps, [Uint8Array.of(0, 1)], size)),
    { code: 'PL_NUMERIC', message: 'scores[0][1] is NaN' },
  );
  t.like(
    t.throws(() => measureImages(Float64Array.of(Number.NaN, 1), Uint8Array.of(0, 1))),
    { code: 'PL_NUMERIC' },
  );
  const range = { instanceOf: RangeError };
  t.throws(() => measurePixels(maps, [], size), range);
  t.throws(() => measurePixels(maps, [Uint8Array.of(0, 1)], { width: 3, height: 1 }), range);
  t.throws(() => measurePixels(maps, [Uint8Array.of(0, 1, 0)], size), range);
});
