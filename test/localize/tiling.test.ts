import test from 'ava';
import fc from 'fast-check';
import type { Size } from '../../src/frame/pixels.js';
import { latticeOf } from '../../src/localize/grid.js';
import { cellOf, ownCells, PATCH, tileGroups } from '../../src/localize/tiling.js';

/** How often each cell of a view's grid is answered for. */
function answers(size: Size, tile: number, receptiveField: number): number[] {
  const { rows, cols } = latticeOf(size, receptiveField);
  const counts = Array<number>(rows * cols).fill(0);
  for (const group of tileGroups(size, tile)) {
    const window = ownCells(group, receptiveField);
    for (const one of group.tiles) {
      const { row, col } = cellOf(one, window);
      for (let r = row; r < row + window.rows; r++) {
        for (let c = col; c < col + window.cols; c++) counts[r * cols + c]++;
      }
    }
  }
  return counts;
}

const sides = fc.integer({ min: PATCH, max: 200 });
const fields = fc.constantFrom(8, 16, 24, 32, 40, 48, 56, 64);

test('the tiles of a frame answer for every cell of every view', (t) => {
  fc.assert(
    fc.property(
      sides,
      sides,
      fc.integer({ min: PATCH, max: 240 }),
      fields,
      (width, height, tile, field) =>
        answers({ width, height }, tile, field).every((count) => count >= 1),
    ),
    { numRuns: 150 },
  );
  t.pass();
});

test('patches and the whole frame answer for every cell once', (t) => {
  fc.assert(
    fc.property(
      sides,
      sides,
      fc.constantFrom(PATCH, Number.POSITIVE_INFINITY),
      fields,
      (width, height, tile, field) =>
        answers({ width, height }, tile, field).every((count) => count === 1),
    ),
    { numRuns: 100 },
  );
  t.pass();
});

test('a patch inside the frame answers for the cell at its centre, in every view', (t) => {
  const inside = tileGroups({ width: 128, height: 128 }, PATCH).find(
    ({ border }) => !Object.values(border).includes(true),
  );
  t.truthy(inside);
  if (inside === undefined) return;
  t.deepEqual(ownCells(inside, 64), { row: 0, col: 0, rows: 1, cols: 1 });
  t.deepEqual(ownCells(inside, 8), { row: 7, col: 7, rows: 1, cols: 1 });
  t.deepEqual(cellOf({ x: 8, y: 4, width: 64, height: 64 }, ownCells(inside, 8)), {
    row: 8,
    col: 9,
  });
});

test('a tile of the size of the frame or more is the frame itself, sides of any size', (t) => {
  for (const tile of [131, 500, Number.POSITIVE_INFINITY]) {
    const groups = tileGroups({ width: 131, height: 70 }, tile);
    t.deepEqual(groups, [
      {
        tiles: [{ x: 0, y: 0, width: 131, height: 70 }],
        border: { top: true, bottom: true, left: true, right: true },
      },
    ]);
  }
});
