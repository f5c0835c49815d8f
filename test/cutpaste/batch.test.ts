import test from 'ava';
import { type Batch, denseBatch, literalBatch } from '../../src/cutpaste/batch.js';
import type { Variant } from '../../src/cutpaste/options.js';
import { PatchlineError } from '../../src/errors.js';
import { blank, greyNoise, NO_JITTER, noise, positions } from './images.js';

const VARIANTS: readonly Variant[] = ['cutpaste', 'scar', 'union', '3-way'];
const STILL = { cropJitter: NO_JITTER, patchJitter: NO_JITTER };
const colours = [noise(140, 150, 1), noise(130, 128, 2)];
const where = [positions(256, 256)];

test('a literal batch has one label a crop, evenly over the classes', (t) => {
  for (const variant of VARIANTS) {
    const batch = literalBatch({ images: colours, count: 12, variant, seed: 1, step: 0 });
    const classes = variant === '3-way' ? 3 : 2;
    t.is(batch.classes, classes);
    t.deepEqual([batch.side, batch.cells], [64, 1]);
    t.is(batch.pixels.length, 12 * 64 * 64 * 3);
    t.deepEqual(
      [...batch.labels],
      Array.from({ length: 12 }, (_, n) => n % classes),
    );
  }
});

test('a dense batch has a label per cell, of the classes that its variant knows', (t) => {
  const known = {
    cutpaste: [-1, 0, 1],
    scar: [-1, 0, 1],
    union: [-1, 0, 1],
    '3-way': [-1, 0, 1, 2],
  };
  for (const variant of VARIANTS) {
    const batch = denseBatch({ images: colours, count: 12, variant, seed: 1, step: 0 });
    t.deepEqual([batch.side, batch.cells], [128, 17]);
    t.is(batch.pixels.length, 12 * 128 * 128 * 3);
    t.is(batch.labels.length, 12 * 17 * 17);
    t.deepEqual([...new Set(batch.labels)].sort(), known[variant]);
  }
});

test('crop first: what is pasted comes from the same crop (Eq. 3)', (t) => {
  for (let step = 0; step < 10; step++) {
    const batch = literalBatch({
      images: where,
      count: 12,
      variant: '3-way',
      seed: 2,
      step,
      ...STILL,
    });
    for (let n = 0; n < 12; n += 3) {
      const [x0, y0] = cropOf(batch, n).slice(0, 2);
      for (const crop of [cropOf(batch, n), cropOf(batch, n + 1), cropOf(batch, n + 2)]) {
        for (let i = 0; i < crop.length; i += 3) {
          if (!within(crop[i], x0) || !within(crop[i + 1], y0)) t.fail(`step ${step}, crop ${n}`);
        }
      }
    }
  }
  t.pass();
});

test('each augmented crop differs from its normal crop in one patch of its kind', (t) => {
  const batch = literalBatch({
    images: where,
    count: 96,
    variant: '3-way',
    seed: 3,
    step: 0,
    ...STILL,
  });
  for (let n = 0; n < 96; n += 3) {
    const normal = cropOf(batch, n);
    t.is(pastedPixels(normal, normal), 0);
    const pasted = pastedPixels(cropOf(batch, n + 1), normal);
    t.true(pasted > 0.017 * 64 ** 2 && pasted < 0.16 * 64 ** 2, `CutPaste of ${pasted} px`);
    const scar = pastedPixels(cropOf(batch, n + 2), normal);
    t.true(scar >= 10 && scar <= 16 * 25 + 20, `scar of ${scar} px`);
  }
});

test('the union is of both kinds under one label', (t) => {
  const batch = literalBatch({
    images: where,
    count: 96,
    variant: 'union',
    seed: 4,
    step: 0,
    ...STILL,
  });
  const fractional = [];
  for (let n = 1; n < 96; n += 2) {
    const crop = cropOf(batch, n); // only turned scars have values between whole positions
    fractional.push(crop.some((v) => Math.abs(v - Math.round(v)) > 0.01));
  }
  t.true(fractional.filter(Boolean).length > 12);
  t.true(fractional.filter((turned) => !turned).length > 12);
});

test('two slots of probability 0.75 leave 1 crop of 16 untouched', (t) => {
  const options = { images: where, variant: '3-way', seed: 5, step: 0, ...STILL } as const;
  const untouched = (batch: Batch, count: number) =>
    Array.from({ length: count }, (_, n) => isPlain(cropOf(batch, n), batch.side)).filter(Boolean);
  const share = untouched(denseBatch({ ...options, count: 400, side: 64 }), 400).length / 400;
  t.true(Math.abs(share - 1 / 16) < 0.03, `${share}`);
  const always = denseBatch({ ...options, count: 50, probability: 1 });
  t.is(untouched(always, 50).length, 0);
  const never = denseBatch({ ...options, count: 20, probability: 0 });
  t.is(untouched(never, 20).length, 20);
  t.true(never.labels.every((label) => label === 0));
});

test('union and 3-way see the same crops; only the labels differ', (t) => {
  const options = { images: colours, count: 6, seed: 6, step: 0 };
  const union = denseBatch({ ...options, variant: 'union' });
  const three = denseBatch({ ...options, variant: '3-way' });
  t.deepEqual(union.pixels, three.pixels);
  t.true(three.labels.every((label, i) => label <= 0 || union.labels[i] === 1));
  t.true(three.labels.every((label, i) => label !== 0 || union.labels[i] === 0));
});

for (const [name, build] of [
  ['literal', literalBatch],
  ['dense', denseBatch],
] as const) {
  test(`a ${name} batch depends on seed and step only`, (t) => {
    const options = { images: colours, count: 6, variant: '3-way', seed: 7, step: 3 } as const;
    const first = build(options);
    build({ ...options, step: 2 });
    t.deepEqual(build(options), first);
    t.notDeepEqual(build({ ...options, step: 4 }).pixels, first.pixels);
    t.notDeepEqual(build({ ...options, seed: 8 }).pixels, first.pixels);
  });

  test(`a ${name} batch stays in 0…1, and grey where the images are grey`, (t) => {
    const options = { count: 6, variant: '3-way', seed: 9 } as const;
    const strong = { brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.5 };
    for (let step = 0; step < 5; step++) {
      const jitters = { cropJitter: strong, patchJitter: strong };
      const colour = build({ ...options, ...jitters, images: colours, step });
      t.true(colour.pixels.every((v) => v >= 0 && v <= 1)); // NaN fails too
      const grey = build({ ...options, ...jitters, images: [greyNoise(130, 130, 3)], step });
      t.true(grey.pixels.every((v, i) => v === grey.pixels[i - (i % 3)]));
    }
  });

  test(`a ${name} batch refuses images smaller than a patch`, (t) => {
    const images = [blank(256, 256), blank(63, 256)];
    const error = t.throws(() => build({ images, count: 4, variant: '3-way', seed: 1, step: 0 }), {
      instanceOf: PatchlineError,
    });
    t.is(error?.code, 'PL_IMAGE_SIZE');
  });
}

test('crops shrink to what the images hold', (t) => {
  const images = [noise(256, 103, 4)];
  const batch = denseBatch({ images, count: 2, variant: '3-way', seed: 1, step: 0 });
  t.deepEqual([batch.side, batch.cells], [100, 10]);
  t.is(batch.labels.length, 2 * 10 * 10);
});

test('a literal batch of whole images scales the patch with them', (t) => {
  const options = { images: where, count: 40, variant: 'cutpaste', seed: 1, step: 0 } as const;
  const batch = literalBatch({ ...options, ...STILL, side: 256 });
  let sum = 0;
  for (let n = 0; n < 40; n += 2) sum += pastedPixels(cropOf(batch, n + 1), cropOf(batch, n));
  t.true(Math.abs(sum / 20 / 256 ** 2 - 0.085) < 0.03);
});

/** A crop of a `positions` image as the positions its pixels come from (and 255). */
function cropOf({ pixels, side }: Batch, n: number): Float32Array {
  const size = side * side * 3;
  return pixels.subarray(n * size, (n + 1) * size).map((v) => v * 255);
}

function within(position: number, start: number): boolean {
  return position > start - 0.01 && position < start + 63.01;
}

function pastedPixels(crop: Float32Array, normal: Float32Array): number {
  let count = 0;
  for (let i = 0; i < crop.length; i += 3) {
    if (Math.hypot(crop[i] - normal[i], crop[i + 1] - normal[i + 1]) > 1e-3) count++;
  }
  return count;
}

/** Whether every pixel sits where it did in the image. */
function isPlain(crop: Float32Array, side: number): boolean {
  return crop.every((v, i) => {
    const pixel = Math.floor(i / 3);
    const offset = [pixel % side, Math.floor(pixel / side)][i % 3];
    return offset === undefined || Math.abs(v - crop[i % 3] - offset) < 1e-3;
  });
}
