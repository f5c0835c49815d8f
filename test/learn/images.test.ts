import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import {
  assertNotBlank,
  chooseImages,
  defaultInput,
  imageLimit,
  imageSize,
  MAX_IMAGES,
  normalisationOf,
  readImages,
} from '../../src/learn/images.js';
import { Random } from '../../src/random.js';
import { surfaces } from '../helpers/models.js';
import { near } from '../helpers/near.js';

const flat = (r: number, g: number, b: number) => ({
  name: 'flat',
  pixels: { width: 2, height: 1, data: Uint8Array.of(r, g, b, r, g, b) },
});

test('normalisation: mean and deviation of each colour, by hand', (t) => {
  const { mean, deviation } = normalisationOf([flat(0, 51, 7), flat(255, 153, 7)]);
  near(t, mean, [0.5, 0.4, 7 / 255], 1e-9);
  near(t, deviation, [0.5, 0.2, 0.02], 1e-9); // the last never varies
});

test('normalisation: the order of the images does not matter', (t) => {
  const images = surfaces({ width: 70, height: 66 }, 4);
  t.deepEqual(normalisationOf(images), normalisationOf(images.toReversed()));
});

test('blank images are refused only where all are blank', (t) => {
  const good = surfaces({ width: 64, height: 64 }, 1);
  t.notThrows(() => assertNotBlank([flat(0, 0, 0), ...good]));
  const error = t.throws(() => assertNotBlank([flat(0, 0, 0), flat(9, 8, 7)]), {
    code: 'PL_IMAGE_BLANK',
  });
  t.regex(error.message, /all 2 images/);
});

test('the default input is the size itself, at most 512 px on its longer side', (t) => {
  t.deepEqual(defaultInput({ width: 320, height: 200 }), { width: 320, height: 200 });
  t.deepEqual(defaultInput({ width: 2048, height: 1536 }), { width: 512, height: 384 });
  t.deepEqual(defaultInput({ width: 100, height: 1000 }), { width: 51, height: 512 });
});

test('as many images are held as fit: 1000 at the default size, fewer of larger ones', (t) => {
  t.is(imageLimit({ width: 512, height: 512 }), MAX_IMAGES);
  t.is(imageLimit({ width: 64, height: 64 }), MAX_IMAGES);
  t.is(imageLimit({ width: 2048, height: 1536 }), 83);
});

test('of too many images the seed chooses; their order stays', (t) => {
  const paths = Array.from({ length: 50 }, (_, i) => `${i}`);
  const chosen = chooseImages(paths, 10, new Random(1));
  t.is(new Set(chosen).size, 10);
  t.deepEqual(
    chosen,
    chosen.toSorted((a, b) => Number(a) - Number(b)),
  );
  t.deepEqual(chosen, chooseImages(paths, 10, new Random(1)));
  t.deepEqual(chooseImages(paths, 50, new Random(1)), paths);
});

test('images are read in order, at the input size; a bad one is named', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'patchline-images-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const images = surfaces({ width: 80, height: 60 }, 6);
  const paths = await Promise.all(
    images.map(async ({ name, pixels }) => {
      const path = join(dir, name);
      const raw = { width: 80, height: 60, channels: 3 } as const;
      await sharp(pixels.data, { raw }).png().toFile(path);
      return path;
    }),
  );
  t.deepEqual(await imageSize(paths[0]), { width: 80, height: 60 });
  const done: number[] = [];
  t.deepEqual(await readImages(paths, { width: 80, height: 60 }, (n) => done.push(n)), images);
  t.deepEqual(done, [1, 2, 3, 4, 5, 6]);
  const [half] = await readImages(paths.slice(0, 1), { width: 40, height: 30 });
  t.like(half.pixels, { width: 40, height: 30 });
  await t.throwsAsync(readImages(paths, { width: 64, height: 64 }), { code: 'PL_IMAGE_SIZE' });
  await writeFile(paths[4], 'not an image');
  const input = { width: 80, height: 60 };
  await t.throwsAsync(readImages(paths, input), { code: 'PL_IMAGE_UNREADABLE', message: /4\.png/ });
  const reason = new Error('stop');
  await t.throwsAsync(
    readImages(paths, input, () => {}, AbortSignal.abort(reason)),
    { is: reason },
  );
});
