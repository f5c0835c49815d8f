import test from 'ava';
import { CUTPASTE, SCAR } from '../../src/cutpaste/options.js';
import { drawCutPaste, drawScar, type PatchShape, place } from '../../src/cutpaste/patch.js';
import { PatchlineError } from '../../src/errors.js';
import { Random } from '../../src/random.js';

const DRAWS = 5000;

function draws(draw: (random: Random) => PatchShape, seed: number): PatchShape[] {
  const random = new Random(seed);
  return Array.from({ length: DRAWS }, () => draw(random));
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test('CutPaste areas are uniform over 2 to 15 % of 64², up to the rounding of the sides', (t) => {
  const shapes = draws(drawCutPaste, 1);
  const areas = shapes.map(({ width, height }) => (width * height) / 64 ** 2);
  t.true(shapes.every(({ width, height, angle }) => angle === 0 && isWhole(width, height)));
  t.true(areas.every((area) => area > 0.017 && area < 0.16));
  t.true(Math.abs(mean(areas) - 0.085) < 0.002);
  // quartiles of U(0.02, 0.15)
  const sorted = areas.toSorted((a, b) => a - b);
  for (const [q, expected] of [
    [0.25, 0.0525],
    [0.5, 0.085],
    [0.75, 0.1175],
  ]) {
    t.true(Math.abs(sorted[q * DRAWS] - expected) < 0.005, `quartile ${q}`);
  }
});

test('CutPaste areas follow the reference, not the crop', (t) => {
  const large = { ...CUTPASTE, reference: 256 };
  const areas = draws((random) => drawCutPaste(random, large), 2).map((s) => s.width * s.height);
  t.true(Math.abs(mean(areas) / 256 ** 2 - 0.085) < 0.002);
});

test('aspect ratios span 0.3 to 3.3, as many wide patches as tall ones', (t) => {
  const exact = { ...CUTPASTE, reference: 6400 }; // large, so that rounding hides nothing
  const logs = draws((random) => drawCutPaste(random, exact), 3).map(logAspect);
  t.true(logs.every((a) => a > Math.log(0.299) && a < Math.log(3.31)));
  t.true(Math.min(...logs) < Math.log(0.31) && Math.max(...logs) > Math.log(3.2));
  t.true(Math.abs(mean(logs)) < 0.03);
});

test('the two-sided draw is uniform over (0.3, 1) and (1, 3.3) with equal odds', (t) => {
  const exact = { ...CUTPASTE, aspectDraw: 'two-sided' as const, reference: 6400 };
  const aspects = draws((random) => drawCutPaste(random, exact), 4).map((s) => s.width / s.height);
  const tall = aspects.filter((a) => a < 1);
  const wide = aspects.filter((a) => a > 1);
  t.true(Math.min(...tall) > 0.299 && Math.max(...wide) < 3.301);
  t.true(Math.abs(tall.length / DRAWS - 0.5) < 0.03);
  t.true(Math.abs(mean(tall) - 0.65) < 0.02);
  t.true(Math.abs(mean(wide) - 2.15) < 0.05);
});

test('scars are 2 to 16 px wide, 10 to 25 px long and turned by up to 45°', (t) => {
  const shapes = draws(drawScar, 5);
  t.deepEqual(sortedSet(shapes.map((s) => s.width)), wholeNumbers(2, 16));
  t.deepEqual(sortedSet(shapes.map((s) => s.height)), wholeNumbers(10, 25));
  const degrees = shapes.map((s) => (s.angle * 180) / Math.PI);
  t.true(Math.min(...degrees) >= -45 && Math.max(...degrees) <= 45);
  t.true(Math.min(...degrees) < -44 && Math.max(...degrees) > 44);
  t.true(Math.abs(mean(degrees)) < 1.5);
});

test('scars can be thin and turned all round', (t) => {
  const shapes = draws(
    (random) => drawScar(random, { width: [1, 5], length: [10, 50], rotation: 90 }),
    6,
  );
  t.deepEqual(sortedSet(shapes.map((s) => s.width)), wholeNumbers(1, 5));
  t.is(Math.max(...shapes.map((s) => s.height)), 50);
  t.true(Math.max(...shapes.map((s) => s.angle)) > 1.5);
});

test('patches lie wholly inside the crop, at the source and, turned, at the target', (t) => {
  const random = new Random(7);
  for (const side of [64, 128]) {
    for (const draw of [drawCutPaste, drawScar]) {
      for (let i = 0; i < 2000; i++) {
        const p = place(draw(random), side, random);
        if (!isWhole(p.sourceX, p.sourceY)) t.fail('fractional source');
        const source = [p.sourceX, p.sourceY, p.sourceX + p.width, p.sourceY + p.height];
        if (![...source, ...cornersOf(p).flat()].every((v) => v >= -1e-9 && v <= side + 1e-9)) {
          t.fail(JSON.stringify(p));
        }
      }
    }
  }
  t.pass();
});

test('upright patches are pasted on whole pixels and reach every position', (t) => {
  const random = new Random(8);
  const shape = { width: 61, height: 62, angle: 0 };
  const places = Array.from({ length: 1000 }, () => place(shape, 64, random));
  const targets = places.map((p) => [p.centreX - p.width / 2, p.centreY - p.height / 2].join(' '));
  t.deepEqual(
    sortedSet(targets),
    [0, 1, 2, 3].flatMap((x) => [0, 1, 2].map((y) => `${x} ${y}`)),
  );
  t.is(new Set(places.map((p) => `${p.sourceX} ${p.sourceY}`)).size, 12);
});

test('a patch that does not fit is refused, not clipped', (t) => {
  for (const shape of [
    { width: 65, height: 3, angle: 0 },
    { width: 60, height: 60, angle: Math.PI / 4 },
    { width: 3, height: 70, angle: Math.PI / 4 },
  ]) {
    const error = t.throws(() => place(shape, 64, new Random(9)), { instanceOf: PatchlineError });
    t.is(error?.code, 'PL_USAGE');
  }
});

test('every patch of the default options fits into the smallest crop', (t) => {
  const [area, aspect] = [CUTPASTE.area[1], CUTPASTE.aspect[1]];
  t.true(Math.sqrt(area * aspect) * CUTPASTE.reference <= 64);
  t.true(Math.hypot(SCAR.width[1], SCAR.length[1]) <= 64);
});

function logAspect({ width, height }: PatchShape): number {
  return Math.log(width / height);
}

function isWhole(...values: number[]): boolean {
  return values.every((v) => Number.isInteger(v));
}

function wholeNumbers(low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

function sortedSet<T extends number | string>(values: readonly T[]): T[] {
  return [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
}

function cornersOf(p: ReturnType<typeof place>): [x: number, y: number][] {
  return [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([i, j]) => {
    const x = (i * p.width) / 2;
    const y = (j * p.height) / 2;
    return [
      p.centreX + x * Math.cos(p.angle) - y * Math.sin(p.angle),
      p.centreY + x * Math.sin(p.angle) + y * Math.cos(p.angle),
    ];
  });
}
