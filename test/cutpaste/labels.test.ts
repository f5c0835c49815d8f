import test from 'ava';
import { cellsAlong, IGNORED, labelCells } from '../../src/cutpaste/labels.js';
import { Random } from '../../src/random.js';

test('a crop of 64 px has one cell, of 128 px 17×17', (t) => {
  t.deepEqual([64, 68, 128, 256].map(cellsAlong), [1, 2, 17, 49]);
});

test('labels agree with a count over the pixels of each cell', (t) => {
  const random = new Random(1);
  for (const side of [64, 72, 128]) {
    for (const classes of [2, 3]) {
      for (let i = 0; i < 15; i++) {
        const mask = randomMask(side, classes, random);
        t.deepEqual([...label(mask, side, classes)], bruteForce(mask, side, classes));
      }
    }
  }
});

test('13 of 256 central pixels are a class, 12 are not', (t) => {
  const mask = new Uint8Array(64 * 64);
  mask.fill(1, 30 * 64 + 24, 30 * 64 + 24 + 12);
  t.deepEqual([...label(mask, 64, 2)], [IGNORED]);
  mask[39 * 64 + 39] = 1;
  t.deepEqual([...label(mask, 64, 2)], [1]);
});

test('one pasted pixel in the central 32×32 is enough not to be normal', (t) => {
  for (const [x, y, expected] of [
    [16, 16, IGNORED],
    [47, 47, IGNORED],
    [15, 30, 0],
    [30, 48, 0],
  ]) {
    const mask = new Uint8Array(64 * 64);
    mask[y * 64 + x] = 1;
    t.deepEqual([...label(mask, 64, 2)], [expected], `${x}, ${y}`);
  }
});

test('the class that covers most wins; two classes below 5 % each make no class', (t) => {
  const mask = new Uint8Array(64 * 64);
  mask.fill(1, 30 * 64 + 24, 30 * 64 + 40);
  mask.fill(2, 31 * 64 + 24, 31 * 64 + 39);
  t.deepEqual([...label(mask, 64, 3)], [1]);
  mask.fill(2, 32 * 64 + 24, 32 * 64 + 26);
  t.deepEqual([...label(mask, 64, 3)], [2]);
  const sparse = new Uint8Array(64 * 64);
  sparse.fill(1, 30 * 64 + 24, 30 * 64 + 34);
  sparse.fill(2, 31 * 64 + 24, 31 * 64 + 34);
  t.deepEqual([...label(sparse, 64, 3)], [IGNORED]);
});

function label(mask: Uint8Array, side: number, classes: number): Int32Array {
  const labels = new Int32Array(cellsAlong(side) ** 2).fill(99);
  labelCells(mask, side, classes, labels);
  return labels;
}

function randomMask(side: number, classes: number, random: Random): Uint8Array {
  const mask = new Uint8Array(side * side);
  for (let n = random.integer(0, 3); n > 0; n--) {
    const width = random.integer(1, 30);
    const height = random.integer(1, 30);
    const x = random.integer(0, side - width);
    const y = random.integer(0, side - height);
    const k = random.integer(1, classes - 1);
    for (let row = y; row < y + height; row++) {
      mask.fill(k, row * side + x, row * side + x + width);
    }
  }
  return mask;
}

function bruteForce(mask: Uint8Array, side: number, classes: number): number[] {
  const labels: number[] = [];
  for (let top = 0; top + 64 <= side; top += 4) {
    for (let left = 0; left + 64 <= side; left += 4) {
      const inner = new Array<number>(classes).fill(0);
      let near = 0;
      for (let y = 0; y < 64; y++) {
        for (let x = 0; x < 64; x++) {
          const k = mask[(top + y) * side + left + x];
          if (k > 0 && x >= 16 && x < 48 && y >= 16 && y < 48) near++;
          if (k > 0 && x >= 24 && x < 40 && y >= 24 && y < 40) inner[k]++;
        }
      }
      const most = Math.max(...inner);
      if (most / 256 >= 0.05) labels.push(inner.indexOf(most));
      else labels.push(near > 0 ? -1 : 0);
    }
  }
  return labels;
}
