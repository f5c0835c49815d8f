import test from 'ava';
import { mapsOf, thinned } from '../../src/experiments/reading.js';
import type { ScoreGrid } from '../../src/frame/frame.js';
import { DEFAULT_READOUT } from '../../src/learn/options.js';
import { latticeOf } from '../../src/localize/grid.js';

const SIZE = { width: 96, height: 80 };

function grid(receptiveField: number, score: (row: number, col: number) => number): ScoreGrid {
  const lattice = latticeOf(SIZE, receptiveField);
  const { rows, cols } = lattice;
  const scores = Float32Array.from({ length: rows * cols }, (_, i) =>
    score(Math.floor(i / cols), i % cols),
  );
  return { ...lattice, scores };
}

test('a grid of twice the stride is every second row and column', (t) => {
  const whole = grid(8, (row, col) => 100 * row + col);
  const half = latticeOf(SIZE, 8, 8);
  const scores = thinned(whole, 8);
  t.is(scores.length, half.rows * half.cols);
  t.deepEqual([...scores.slice(0, 3)], [0, 2, 4]);
  t.is(scores[half.cols], 200);
  t.deepEqual(thinned(whole, 4), whole.scores);
});

test('a scored step lies in the map where it lies in the frame, at either stride', (t) => {
  const step = grid(8, (_, col) => Number(col >= 11)); // the centre of cell 11 is at 47.5 px
  const readout = { ...DEFAULT_READOUT, views: ['rf8'], centred: false };
  for (const stride of [4, 8]) {
    const [map] = mapsOf([new Map([['rf8', step]])], readout, SIZE, stride);
    t.is(map.length, SIZE.width * SIZE.height);
    const row = map.subarray(40 * SIZE.width, 41 * SIZE.width);
    t.true(row[10] < 0.01 && row[90] > 0.99);
    const edge = row.findIndex((value) => value >= 0.5);
    t.true(Math.abs(edge - 45.5) <= stride, String(edge));
  }
});

test('only the views of the readout count', (t) => {
  const scores = [
    new Map([
      ['rf8', grid(8, () => 1)],
      ['rf16', grid(16, () => 2)],
    ]),
  ];
  const readout = { ...DEFAULT_READOUT, centred: false };
  const levelOf = (views: readonly string[]): number =>
    mapsOf(scores, { ...readout, views }, SIZE)[0][4000];
  t.deepEqual([levelOf(['rf8']), levelOf(['rf16']), levelOf(['rf8', 'rf16'])], [1, 2, 3]);
});
