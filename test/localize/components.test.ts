import test from 'ava';
import fc from 'fast-check';
import { labelComponents } from '../../src/localize/components.js';

/** A mask drawn with `#`, and its size. */
function draw(...rows: string[]): { mask: Uint8Array; width: number; height: number } {
  const mask = Uint8Array.from(rows.join(''), (char) => (char === '#' ? 255 : 0));
  return { mask, width: rows[0].length, height: rows.length };
}

test('numbers areas by their first pixel in row-major order', (t) => {
  const { mask, width, height } = draw('..#.', '#...', '..##');
  const { labels, count } = labelComponents(mask, width, height);
  t.is(count, 3);
  t.deepEqual([...labels], [0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 3]);
});

test('joins pixels that touch at a corner, in both diagonals', (t) => {
  const { mask, width, height } = draw('#...#', '.#.#.', '..#..');
  t.is(labelComponents(mask, width, height).count, 1);
});

test('joins arms that meet only below (a U and a spiral)', (t) => {
  const u = draw('#.#', '#.#', '###');
  t.is(labelComponents(u.mask, u.width, u.height).count, 1);
  const spiral = draw('#######', '......#', '#####.#', '#...#.#', '#.###.#', '#.....#', '#######');
  t.is(labelComponents(spiral.mask, spiral.width, spiral.height).count, 1);
});

test('does not join the end of a row with the start of the next', (t) => {
  const { mask, width, height } = draw('..#', '...', '#..');
  t.is(labelComponents(mask, width, height).count, 2);
  const adjacent = draw('...#', '#...');
  t.is(labelComponents(adjacent.mask, adjacent.width, adjacent.height).count, 2);
});

test('empty, full, one-pixel and zero-size masks', (t) => {
  t.is(labelComponents(new Uint8Array(12), 4, 3).count, 0);
  const full = labelComponents(new Uint8Array(12).fill(1), 4, 3);
  t.deepEqual([full.count, ...full.labels], [1, ...Array(12).fill(1)]);
  t.deepEqual([...labelComponents([true], 1, 1).labels], [1]);
  t.is(labelComponents(new Uint8Array(0), 0, 0).count, 0);
});

test('a mask of the wrong length is refused', (t) => {
  t.throws(() => labelComponents(new Uint8Array(5), 2, 3), {
    instanceOf: RangeError,
    message: /5 entries/,
  });
});

/** The definition, in the slowest way: repeat the smallest label of the neighbourhood until nothing changes. */
function labelsByRelaxation(mask: ArrayLike<number>, width: number): number[] {
  const labels = Array.from(mask, (inside, i) => (inside ? i + 1 : 0));
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < labels.length; i++) {
      for (let j = 0; j < labels.length; j++) {
        const dx = Math.abs((i % width) - (j % width));
        const dy = Math.abs(Math.floor(i / width) - Math.floor(j / width));
        if (dx <= 1 && dy <= 1 && labels[i] > 0 && labels[j] > 0 && labels[j] < labels[i]) {
          labels[i] = labels[j];
          changed = true;
        }
      }
    }
  }
  const roots = [...new Set(labels.filter((label) => label > 0))].sort((a, b) => a - b);
  return labels.map((label) => roots.indexOf(label) + 1);
}

test('agrees with relaxation on random masks', (t) => {
  const masks = fc
    .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }))
    .chain(([width, height]) =>
      fc.record({
        width: fc.constant(width),
        height: fc.constant(height),
        mask: fc.array(fc.integer({ min: 0, max: 1 }), {
          minLength: width * height,
          maxLength: width * height,
        }),
      }),
    );
  t.notThrows(() =>
    fc.assert(
      fc.property(masks, ({ mask, width, height }) => {
        const { labels, count } = labelComponents(mask, width, height);
        const expected = labelsByRelaxation(mask, width);
        return (
          labels.every((label, i) => label === expected[i]) && count === Math.max(0, ...expected)
        );
      }),
      { seed: 1 },
    ),
  );
});
