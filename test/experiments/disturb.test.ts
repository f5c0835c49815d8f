import test from 'ava';
import { type Disturbance, disturb, disturbMask } from '../../src/experiments/disturb.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { Random } from '../../src/random.js';

const random = (): Random => new Random(1);

/** One grey value a pixel. */
function grey(width: number, values: readonly number[]): Pixels {
  const data = Uint8Array.from(values.flatMap((value) => [value, value, value]));
  return { width, height: values.length / width, data };
}

function values({ data }: Pixels): number[] {
  return [...data].filter((_, i) => i % 3 === 0);
}

async function disturbed(pixels: Pixels, disturbance: Disturbance): Promise<number[]> {
  return values(await disturb(pixels, disturbance, random()));
}

test('brightness is a factor, rounded and clamped', async (t) => {
  const pixels = grey(2, [0, 101, 200, 250]);
  t.deepEqual(await disturbed(pixels, { kind: 'brightness', amount: 1.2 }), [0, 121, 240, 255]);
  t.deepEqual(await disturbed(pixels, { kind: 'brightness', amount: 0.8 }), [0, 81, 160, 200]);
});

test('a shift moves image and mask right and down; what comes in is mirrored', async (t) => {
  const rows = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11, 12],
    [13, 14, 15, 16],
  ];
  const expected = [
    [6, 5, 5, 6],
    [2, 1, 1, 2],
    [2, 1, 1, 2],
    [6, 5, 5, 6],
  ];
  const shift = { kind: 'shift', amount: 2 } as const;
  t.deepEqual(await disturbed(grey(4, rows.flat()), shift), expected.flat());
  const mask = Uint8Array.from(rows.flat(), (value) => Number(value === 6));
  const moved = disturbMask(mask, { width: 4, height: 4 }, shift);
  t.deepEqual(
    [...moved],
    expected.flat().map((value) => Number(value === 6)),
  );
});

test('a rotation by a right angle is exact, clockwise, and takes the mask along', async (t) => {
  const quarter = { kind: 'rotation', amount: 90 } as const;
  const before = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const after = [7, 4, 1, 8, 5, 2, 9, 6, 3];
  t.deepEqual(await disturbed(grey(3, before), quarter), after);
  const mask = Uint8Array.from(before, (value) => Number(value < 3));
  const turned = disturbMask(mask, { width: 3, height: 3 }, quarter);
  t.deepEqual(
    [...turned],
    after.map((value) => Number(value < 3)),
  );
});

test('what does not move the image leaves the mask as it is', (t) => {
  const mask = Uint8Array.of(0, 1, 1, 0);
  for (const kind of ['brightness', 'blur', 'jpeg', 'noise'] as const) {
    t.is(disturbMask(mask, { width: 2, height: 2 }, { kind, amount: 1 }), mask);
  }
});

test('noise has the deviation that was asked for, and grey stays grey', async (t) => {
  const n = 128 * 128;
  const pixels = grey(128, new Array<number>(n).fill(128));
  const { data } = await disturb(pixels, { kind: 'noise', amount: 5 }, random());
  const noise = [...data].map((value) => value - 128);
  t.true(noise.every((value, i) => value === noise[i - (i % 3)]));
  const sum = noise.reduce((a, b) => a + b, 0) / noise.length;
  const deviation = Math.sqrt(noise.reduce((a, b) => a + b * b, 0) / noise.length);
  // Rounding adds 1/12 to the variance: √(25 + 1/12) = 5.008; three standard errors on either side.
  t.true(Math.abs(sum) < (3 * 5) / Math.sqrt(n));
  t.true(Math.abs(deviation - 5.008) < (3 * 5) / Math.sqrt(2 * n));
});

test('the colours of a colour camera have noise of their own', async (t) => {
  const data = new Uint8Array(64 * 3).map((_, i) => [90, 120, 150][i % 3]);
  const noisy = await disturb(
    { width: 8, height: 8, data },
    { kind: 'noise', amount: 9 },
    random(),
  );
  const [red, green] = [0, 1].map((c) => noisy.data.filter((_, i) => i % 3 === c));
  t.notDeepEqual(
    [...red].map((value) => value - 90),
    [...green].map((value) => value - 120),
  );
});

test('blur spreads a point evenly and keeps its light', async (t) => {
  const point = new Array<number>(15 * 15).fill(0);
  point[7 * 15 + 7] = 240;
  const blurred = await disturbed(grey(15, point), { kind: 'blur', amount: 1 });
  // The peak of a Gaussian of deviation 1 px, sampled: 1 / (Σ exp(−i²/2))² = 0.159.
  t.true(Math.abs(blurred[7 * 15 + 7] - 0.159 * 240) < 3);
  t.is(blurred[7 * 15 + 6], blurred[6 * 15 + 7]);
  t.true(Math.abs(blurred.reduce((a, b) => a + b, 0) - 240) < 25);
});

test('JPEG loses detail, more at a lower quality', async (t) => {
  const noise = random();
  const pixels = grey(
    64,
    Array.from({ length: 64 * 64 }, () => noise.integer(0, 255)),
  );
  const lossAt = async (amount: number): Promise<number> => {
    const after = await disturbed(pixels, { kind: 'jpeg', amount });
    return values(pixels).reduce((sum, value, i) => sum + Math.abs(value - after[i]), 0);
  };
  t.true((await lossAt(95)) > 0);
  t.true((await lossAt(50)) > 2 * (await lossAt(95)));
});
