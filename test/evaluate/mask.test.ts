import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readMask } from '../../src/evaluate/mask.js';
import type { Size } from '../../src/frame/pixels.js';
import { sharp } from '../../src/frame/sharp-setup.js';

async function fileOf(t: ExecutionContext, bytes: Uint8Array | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'patchline-mask-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'a_mask.png');
  await writeFile(path, bytes);
  return path;
}

type Channels = 1 | 2 | 3 | 4;

/** A PNG file of these samples, [height, width, channels]. */
async function pngOf(t: ExecutionContext, size: Size, channels: Channels, samples: number[]) {
  const raw = { ...size, channels };
  return fileOf(t, await sharp(Uint8Array.from(samples), { raw }).png().toBuffer());
}

const square = { width: 2, height: 2 };

test('grey masks are cut above 127', async (t) => {
  const path = await pngOf(t, square, 1, [0, 127, 128, 255]);
  t.deepEqual(await readMask(path, square), Uint8Array.of(0, 0, 1, 1));
});

test('one bright colour is enough', async (t) => {
  const path = await pngOf(t, square, 3, [255, 0, 0, 0, 128, 0, 0, 0, 200, 90, 90, 90]);
  t.deepEqual([...(await readMask(path, square))], [1, 1, 1, 0]);
});

test('transparency does not count', async (t) => {
  const grey = await pngOf(t, square, 2, [0, 255, 255, 255, 255, 0, 0, 0]);
  t.deepEqual([...(await readMask(grey, square))], [0, 1, 1, 0]);
  const colour = await pngOf(t, { width: 2, height: 1 }, 4, [0, 0, 0, 255, 255, 255, 255, 255]);
  t.deepEqual([...(await readMask(colour, { width: 2, height: 1 }))], [0, 1]);
});

test('palettes, 1-bit and 16-bit masks', async (t) => {
  const samples = Uint8Array.of(0, 255, 255, 0);
  const image = sharp(samples, { raw: { ...square, channels: 1 } });
  const bit = await fileOf(t, await image.clone().png({ palette: true, colours: 2 }).toBuffer());
  t.deepEqual([...(await readMask(bit, square))], [0, 1, 1, 0]);
  const deep = await fileOf(t, await image.clone().toColourspace('grey16').png().toBuffer());
  t.is((await sharp(deep).metadata()).depth, 'ushort');
  t.deepEqual([...(await readMask(deep, square))], [0, 1, 1, 0]);
});

test('other sizes take the nearest pixel, centres aligned', async (t) => {
  // Shrunk by 4, output pixel 0 is centred on the edge of input pixels 1 and 2: it takes 2, 1 takes 6.
  const row = [0, 0, 255, 0, 255, 255, 0, 255];
  const wide = await pngOf(t, { width: 8, height: 4 }, 1, [...row, ...row, ...row, ...row]);
  t.deepEqual([...(await readMask(wide, { width: 2, height: 1 }))], [1, 0]);
  const small = await pngOf(t, square, 1, [255, 0, 0, 255]);
  const grown = await readMask(small, { width: 4, height: 4 });
  t.deepEqual([...grown], [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1]);
});

test('refuses a mask of another shape, and what is no image, by name', async (t) => {
  const path = await pngOf(t, square, 1, [0, 0, 255, 255]);
  const text = await fileOf(t, 'not an image');
  const gone = join(path, '..', 'gone_mask.png');
  for (const [file, size] of [
    [path, { width: 2, height: 1 }],
    [text, square],
    [gone, square],
  ] as const) {
    const error = await t.throwsAsync(readMask(file, size));
    t.like(error, { code: 'PL_DATASET', disposition: 'usage' });
    t.true(error?.message.startsWith(`unusable mask: ${file} `));
  }
});
