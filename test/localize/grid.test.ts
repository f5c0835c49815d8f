import test from 'ava';
import fc from 'fast-check';
import { PatchlineError } from '../../src/errors.js';
import { addExtended, type Lattice, latticeOf, tiles } from '../../src/localize/grid.js';

const SQUARE = { width: 256, height: 256 };

/** A grid on another lattice, added to nothing. */
function extendedTo(to: Lattice, scores: Float32Array, from: Lattice): Float32Array {
  const sum = new Float32Array(to.rows * to.cols);
  addExtended(sum, to, scores, from);
  return sum;
}

test('a 256 px frame has the grids of the paper', (t) => {
  t.deepEqual(latticeOf(SQUARE, 64), { rows: 49, cols: 49, stride: 4, offset: 31.5 });
  t.deepEqual(latticeOf(SQUARE, 32), { rows: 57, cols: 57, stride: 4, offset: 15.5 });
  t.deepEqual(latticeOf(SQUARE, 8), { rows: 63, cols: 63, stride: 4, offset: 3.5 });
});

test('rows count the height, columns the width, and a rest below a stride is left over', (t) => {
  t.deepEqual(latticeOf({ width: 100, height: 67 }, 64), {
    rows: 1,
    cols: 10,
    stride: 4,
    offset: 31.5,
  });
});

test('a frame smaller than a patch is refused', (t) => {
  for (const size of [
    { width: 63, height: 256 },
    { width: 256, height: 63 },
  ]) {
    const error = t.throws(() => latticeOf(size, 64), { instanceOf: PatchlineError });
    t.is(error.code, 'PL_IMAGE_SIZE');
    t.is(error.disposition, 'usage');
    t.regex(error.message, /63/);
  }
});

test('a deeper grid lies where its centres are, its edges repeated', (t) => {
  const from: Lattice = { rows: 1, cols: 2, stride: 4, offset: 7.5 };
  const to: Lattice = { rows: 3, cols: 5, stride: 4, offset: 3.5 };
  const extended = extendedTo(to, Float32Array.of(1, 2), from);
  t.deepEqual([...extended], [1, 1, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1, 2, 2, 2]);
});

test('is added to what is there', (t) => {
  const lattice: Lattice = { rows: 1, cols: 2, stride: 4, offset: 7.5 };
  const sum = Float32Array.of(1, -2);
  addExtended(sum, lattice, Float32Array.of(0.5, 4), lattice);
  addExtended(sum, lattice, Float32Array.of(0.25, 8), lattice);
  t.deepEqual([...sum], [1.75, 10]);
});

test('every cell of the extended grid is that of the nearest centre', (t) => {
  const size = { width: 96, height: 80 };
  const from = latticeOf(size, 64);
  const to = latticeOf(size, 8);
  const scores = Float32Array.from({ length: from.rows * from.cols }, (_, i) => i);
  const extended = extendedTo(to, scores, from);
  const nearest = (cell: number, cells: number) => {
    const centre = to.offset + cell * 4;
    const distances = Array.from({ length: cells }, (_, i) =>
      Math.abs(from.offset + i * 4 - centre),
    );
    return distances.indexOf(Math.min(...distances));
  };
  for (const [i, score] of extended.entries()) {
    const row = Math.floor(i / to.cols);
    const expected = nearest(row, from.rows) * from.cols + nearest(i % to.cols, from.cols);
    t.is(score, expected);
  }
});

test('grids whose centres do not meet are refused', (t) => {
  const from: Lattice = { rows: 2, cols: 2, stride: 4, offset: 7.5 };
  const scores = new Float32Array(4);
  for (const to of [
    { rows: 3, cols: 3, stride: 4, offset: 5.5 },
    { rows: 3, cols: 3, stride: 8, offset: 7.5 },
  ]) {
    const error = t.throws(() => extendedTo(to, scores, from), { instanceOf: PatchlineError });
    t.is(error.code, 'PL_STATE');
  }
  t.throws(() => extendedTo(from, new Float32Array(3), from), { message: /2 × 2 .* 3 scores/ });
});

test('tiles of 64 px are the patches, in the order of the grid', (t) => {
  const size = { width: 90, height: 71 };
  const { rows, cols } = latticeOf(size, 64);
  const expected = Array.from({ length: rows * cols }, (_, i) => ({
    x: 4 * (i % cols),
    y: 4 * Math.floor(i / cols),
    width: 64,
    height: 64,
  }));
  t.deepEqual(tiles(size, 64), expected);
});

test('larger tiles overlap by 60 px and the last is shifted back', (t) => {
  // 49 cells a side in runs of 17: 0, 17, then 49 − 17 = 32.
  const corners = tiles(SQUARE, 128).map(({ x, y }) => [x, y]);
  t.deepEqual(
    corners,
    [0, 68, 128].flatMap((y) => [0, 68, 128].map((x) => [x, y])),
  );
});

test('one tile holds a frame that is no larger, without the rest that no patch sees', (t) => {
  for (const tile of [259, 300, Number.POSITIVE_INFINITY]) {
    t.deepEqual(tiles({ width: 258, height: 259 }, tile), [
      { x: 0, y: 0, width: 256, height: 256 },
    ]);
  }
});

test('a tile smaller than a patch is refused', (t) => {
  for (const tile of [63, 0, Number.NaN]) {
    const error = t.throws(() => tiles(SQUARE, tile), { instanceOf: PatchlineError });
    t.is(error.code, 'PL_USAGE');
  }
  t.throws(() => tiles({ width: 63, height: 64 }, 64), { code: 'PL_IMAGE_SIZE' });
});

test('tiles of any side hold exactly the patches of any frame', (t) => {
  const side = fc.integer({ min: 64, max: 400 });
  fc.assert(
    fc.property(side, side, side, (width, height, tile) => {
      const { rows, cols } = latticeOf({ width, height }, 64);
      const cut = tiles({ width, height }, tile);
      const seen = new Set<string>();
      for (const { x, y, width: w, height: h } of cut) {
        t.true(x % 4 === 0 && y % 4 === 0);
        t.true(x >= 0 && y >= 0 && x + w <= width && y + h <= height);
        t.true(w <= tile && h <= tile && w === cut[0].width && h === cut[0].height);
        const own = latticeOf({ width: w, height: h }, 64);
        for (let i = 0; i < own.rows; i++) {
          for (let j = 0; j < own.cols; j++) seen.add(`${y / 4 + i},${x / 4 + j}`);
        }
      }
      t.is(seen.size, rows * cols);
      t.true(seen.has('0,0') && seen.has(`${rows - 1},${cols - 1}`));
    }),
    { seed: 1, numRuns: 60 },
  );
});
