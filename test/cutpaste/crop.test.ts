import test from 'ava';
import { cropSide, drawCrop } from '../../src/cutpaste/crop.js';
import { PatchlineError } from '../../src/errors.js';
import { Random } from '../../src/random.js';
import { blank, positions } from './images.js';

test('a crop is the window of the image at its position, as 0…1', (t) => {
  const image = positions(90, 70);
  const { side, data } = drawCrop(image, 64, new Random(1));
  t.is(side, 64);
  const x0 = Math.round(data[0] * 255);
  const y0 = Math.round(data[1] * 255);
  for (let y = 0; y < 64; y++) {
    for (let x = 0; x < 64; x++) {
      const at = (y * 64 + x) * 3;
      const pixel = [...data.subarray(at, at + 3)];
      if (pixel.some((v, c) => v !== Math.fround([x0 + x, y0 + y, 255][c] / 255))) t.fail();
    }
  }
  t.pass();
});

test('crops reach every position, the image edges included', (t) => {
  const image = positions(67, 66);
  const random = new Random(2);
  const seen = new Set<string>();
  for (let i = 0; i < 400; i++) {
    const { data } = drawCrop(image, 64, random);
    seen.add(`${Math.round(data[0] * 255)} ${Math.round(data[1] * 255)}`);
  }
  t.is(seen.size, 4 * 3);
});

test('a crop fills the memory that it is given', (t) => {
  const memory = new Float32Array(64 * 64 * 3);
  t.is(drawCrop(positions(64, 64), 64, new Random(3), memory).data, memory);
  t.is(memory.at(-1), 1);
});

test('the crop side falls back to the largest multiple of 4 that fits every image', (t) => {
  t.is(cropSide([blank(256, 256)], 128), 128);
  t.is(cropSide([blank(256, 256), blank(300, 103)], 128), 100);
  t.is(cropSide([blank(66, 256)], 128), 64);
  t.is(cropSide([blank(256, 256)], 130), 128);
});

test('an image smaller than a patch is refused', (t) => {
  const error = t.throws(() => cropSide([blank(256, 256), blank(80, 63)], 64), {
    instanceOf: PatchlineError,
  });
  t.is(error?.code, 'PL_IMAGE_SIZE');
  t.is(error?.disposition, 'usage');
  t.regex(error?.message ?? '', /80×63/);
});
