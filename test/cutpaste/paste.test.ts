import test from 'ava';
import fc from 'fast-check';
import { cutAndPaste } from '../../src/cutpaste/paste.js';
import { drawCutPaste, drawScar, type Placement, place } from '../../src/cutpaste/patch.js';
import { Random } from '../../src/random.js';
import { cropFrom, NO_JITTER } from './images.js';

const SIDE = 64;

/** Bilinear interpolation is exact on a ramp: the oracle of every sampled value. */
const ramp = (x: number, y: number, c: number) => 0.1 + 0.006 * x + 0.004 * y + 0.05 * c;

/** Every value different, so that a wrong pixel cannot pass for the right one. */
const coded = (x: number, y: number, c: number) => ((y * SIDE + x) * 3 + c) / (SIDE * SIDE * 3);

const drawn = fc.integer({ min: 0, max: 2 ** 31 - 1 });

test('an upright paste is an exact copy, and nothing else changes', (t) => {
  fc.assert(
    fc.property(drawn, (seed) => {
      const random = new Random(seed);
      const p = place(drawCutPaste(random), SIDE, random);
      const crop = cropFrom(SIDE, coded);
      const before = crop.data.slice();
      const mask = cutAndPaste(crop, p, NO_JITTER, random);
      const x0 = p.centreX - p.width / 2;
      const y0 = p.centreY - p.height / 2;
      eachPixel((x, y) => {
        const inside = x >= x0 && x < x0 + p.width && y >= y0 && y < y0 + p.height;
        const from = inside ? [p.sourceX + x - x0, p.sourceY + y - y0] : [x, y];
        if (mask[y * SIDE + x] !== Number(inside)) throw new Error(`mask at ${x}, ${y}`);
        const expected = pixel(before, from[0], from[1]);
        if (!same(pixel(crop.data, x, y), expected, 0)) throw new Error(`value at ${x}, ${y}`);
      });
    }),
    { numRuns: 100 },
  );
  t.pass();
});

test('a turned paste fills its rectangle with the source at the mapped position', (t) => {
  fc.assert(
    fc.property(drawn, (seed) => {
      const random = new Random(seed);
      const p = place(drawScar(random), SIDE, random);
      const crop = cropFrom(SIDE, ramp);
      const mask = cutAndPaste(crop, p, NO_JITTER, random);
      eachPixel((x, y) => {
        const inside = covers(p, x + 0.5, y + 0.5);
        if (mask[y * SIDE + x] !== Number(inside)) throw new Error(`mask at ${x}, ${y}`);
        const [sx, sy] = inside ? sourceOf(p, x, y) : [x, y];
        const expected = [0, 1, 2].map((c) => ramp(sx, sy, c));
        if (!same(pixel(crop.data, x, y), expected, 1e-6)) throw new Error(`value at ${x}, ${y}`);
      });
    }),
    { numRuns: 100 },
  );
  t.pass();
});

test('a quarter turn by hand: columns of the patch become rows', (t) => {
  const crop = cropFrom(8, (x, y) => (y * 8 + x) / 64);
  // cut the 2×4 patch at (0, 0), turn it clockwise around (5, 5): 4 wide, 2 high at (3, 4)
  const p: Placement = {
    width: 2,
    height: 4,
    angle: Math.PI / 2,
    sourceX: 0,
    sourceY: 0,
    centreX: 5,
    centreY: 5,
  };
  const mask = cutAndPaste(crop, p, NO_JITTER, new Random(1));
  const red = (x: number, y: number) => Math.round(crop.data[(y * 8 + x) * 3] * 64);
  t.deepEqual(
    [3, 4, 5, 6].map((x) => red(x, 4)),
    [24, 16, 8, 0],
  );
  t.deepEqual(
    [3, 4, 5, 6].map((x) => red(x, 5)),
    [25, 17, 9, 1],
  );
  t.is(
    mask.reduce((a, b) => a + b),
    8,
  );
});

test('the source may overlap the target: the patch is cut before it is pasted', (t) => {
  const crop = cropFrom(8, (x, y) => (y * 8 + x) / 64);
  const before = crop.data.slice();
  const p = { width: 4, height: 4, angle: 0, sourceX: 0, sourceY: 0, centreX: 3, centreY: 3 };
  cutAndPaste(crop, p, NO_JITTER, new Random(1));
  for (let y = 1; y < 5; y++) {
    for (let x = 1; x < 5; x++) {
      t.is(crop.data[(y * 8 + x) * 3], before[((y - 1) * 8 + x - 1) * 3]);
    }
  }
});

test('jitter changes the patch only', (t) => {
  const crop = cropFrom(SIDE, ramp);
  const before = crop.data.slice();
  const p = { width: 9, height: 7, angle: 0, sourceX: 3, sourceY: 4, centreX: 30.5, centreY: 20.5 };
  const mask = cutAndPaste(crop, p, { ...NO_JITTER, brightness: 0.5 }, new Random(1));
  const ratios = new Set<string>();
  eachPixel((x, y) => {
    const at = (y * SIDE + x) * 3;
    if (mask[y * SIDE + x] === 0) {
      if (crop.data[at] !== before[at]) t.fail(`${x}, ${y}`);
    } else ratios.add((crop.data[at] / before[at - (16 * SIDE - 3 * SIDE + 23) * 3]).toFixed(4));
  });
  t.is(ratios.size, 1);
  t.not([...ratios][0], '1.0000');
});

test('later pastes mark the mask over earlier ones', (t) => {
  const crop = cropFrom(8, ramp);
  const mask = new Uint8Array(64);
  const at = (centreX: number) => ({
    ...{ width: 2, height: 1, angle: 0, sourceX: 0, sourceY: 0 },
    ...{ centreX, centreY: 0.5 },
  });
  cutAndPaste(crop, at(2), NO_JITTER, new Random(1), mask, 1);
  t.is(cutAndPaste(crop, at(3), NO_JITTER, new Random(1), mask, 2), mask);
  t.deepEqual([...mask.subarray(0, 8)], [0, 1, 2, 2, 0, 0, 0, 0]);
});

function eachPixel(visit: (x: number, y: number) => void): void {
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) visit(x, y);
}

function pixel(data: Float32Array, x: number, y: number): number[] {
  return [...data.subarray((y * SIDE + x) * 3, (y * SIDE + x) * 3 + 3)];
}

function same(actual: readonly number[], expected: readonly number[], tolerance: number): boolean {
  return actual.every((v, c) => Math.abs(v - expected[c]) <= tolerance);
}

/** Whether a point lies inside the turned rectangle: left of none of its four edges. */
function covers({ width, height, angle, centreX, centreY }: Placement, x: number, y: number) {
  const corners = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([i, j]) => turned((i * width) / 2, (j * height) / 2, angle));
  return corners.every(([ax, ay], k) => {
    const [bx, by] = corners[(k + 1) % 4];
    return (bx - ax) * (y - centreY - ay) - (by - ay) * (x - centreX - ax) >= 0;
  });
}

/** Where a pasted pixel comes from, in pixels of the crop, kept to the pixels that were cut. */
function sourceOf(p: Placement, x: number, y: number): [x: number, y: number] {
  const [u, v] = turned(x + 0.5 - p.centreX, y + 0.5 - p.centreY, -p.angle);
  const clamp = (value: number, high: number) => Math.min(Math.max(value, 0), high);
  return [
    p.sourceX + clamp(u + p.width / 2 - 0.5, p.width - 1),
    p.sourceY + clamp(v + p.height / 2 - 0.5, p.height - 1),
  ];
}

function turned(x: number, y: number, angle: number): [x: number, y: number] {
  return [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)];
}
