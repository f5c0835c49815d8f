import { readFileSync } from 'node:fs';
import test from 'ava';
import type { Pixels } from '../../src/frame/pixels.js';
import { STATISTICS, statisticsOf } from '../../src/frame/statistics.js';

interface Case {
  readonly height: number;
  readonly width: number;
  readonly stat8: number[];
  readonly stat16: number[];
}

// Made by test/data/statistics.py (numpy); tests are compiled, the data stays in the sources.
const cases: Case[] = JSON.parse(
  readFileSync(new URL('../../../test/data/statistics.json', import.meta.url), 'utf8'),
);

/** The image of test/data/statistics.py: a linear congruential generator and a flat corner. */
function image(height: number, width: number): Pixels {
  let state = 1n;
  const data = Uint8Array.from({ length: height * width * 3 }, () => {
    state = (state * 1103515245n + 12345n) % 2n ** 31n;
    return Number(state >> 23n);
  });
  for (let y = 0; y < height >> 1; y++) {
    data.fill(77, y * width * 3, (y * width + (width >> 1)) * 3);
  }
  return { width, height, data };
}

function flat(side: number, value: number): Pixels {
  return { width: side, height: side, data: new Uint8Array(side * side * 3).fill(value) };
}

function largestDifference(a: Float32Array, b: readonly number[]): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

for (const { height, width, stat8, stat16 } of cases) {
  test(`agrees with numpy on ${width}×${height} px`, (t) => {
    const views = statisticsOf(image(height, width));
    t.is(views.stat8.length, stat8.length);
    t.is(views.stat16.length, stat16.length);
    t.true(largestDifference(views.stat8, stat8) < 1e-6);
    t.true(largestDifference(views.stat16, stat16) < 1e-6);
  });
}

test('a flat frame has its colour as mean and deviates by exactly 0', (t) => {
  const { stat16 } = statisticsOf(flat(16, 51));
  const grey = Math.fround(0.2);
  t.deepEqual([...stat16], [grey, grey, grey, ...new Array(9).fill(0), grey, grey]);
});

test('counts the windows that lie within the frame', (t) => {
  const cells = (side: number) => {
    const { stat8, stat16 } = statisticsOf(flat(side, 1));
    return [stat8.length / STATISTICS, stat16.length / STATISTICS];
  };
  t.deepEqual(cells(256), [63 ** 2, 61 ** 2]);
  t.deepEqual(cells(16), [3 ** 2, 1]);
  t.deepEqual(cells(15), [2 ** 2, 0], 'no window of 16 px fits into 15 px');
  t.deepEqual(cells(7), [0, 0]);
});

test('a white pixel on black raises what the definition says, in the one window', (t) => {
  const pixels = flat(8, 0);
  pixels.data.fill(255, (3 * 8 + 3) * 3, (3 * 8 + 4) * 3);
  const [r, , , dx, dy, laplacian, deviation] = statisticsOf(pixels).stat8;
  t.is(r, 1 / 64);
  t.is(dx, 2 / 64, 'its left and its right neighbour see a step of 1');
  t.is(dy, 2 / 64);
  t.is(laplacian, 8 / 64, '4 at the pixel, 1 at each of its neighbours');
  t.is(deviation, Math.fround(Math.sqrt(63) / 64));
});
