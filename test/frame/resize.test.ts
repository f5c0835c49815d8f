import test from 'ava';
import { PatchlineError } from '../../src/errors.js';
import { decodeForModel } from '../../src/frame/decode.js';
import type { FrameEncoding } from '../../src/frame/frame.js';
import type { Size } from '../../src/frame/pixels.js';
import { sharp } from '../../src/frame/sharp-setup.js';
import { Random } from '../../src/random.js';

const ENCODED: FrameEncoding = { kind: 'encoded' };

function raw(size: Size, channels: 1 | 3 | 4 = 3): FrameEncoding {
  return { kind: 'raw', ...size, channels };
}

/** A smooth surface, as RGB: each colour rises by another slope. */
function ramp({ width, height }: Size): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    return 20 + (140 * x) / width + (60 * y) / height + 10 * c;
  });
}

function encoderOf(size: Size, data: Uint8Array) {
  return sharp(data, { raw: { ...size, channels: 3 } });
}

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

test('a frame of the size that the model reads stays as it is', async (t) => {
  const size = { width: 12, height: 8 };
  const data = ramp(size);
  const fromRaw = await decodeForModel(data, raw(size), size);
  t.deepEqual(fromRaw, { pixels: { ...size, data }, size });
  const fromPng = await decodeForModel(await encoderOf(size, data).png().toBuffer(), ENCODED, size);
  t.deepEqual(fromPng, { pixels: { ...size, data }, size });
});

test('half the size: weights 1, 3, 3, 1 in both directions', async (t) => {
  const size = { width: 32, height: 24 };
  const random = Random.for(1, 'resize');
  const data = Uint8Array.from({ length: 32 * 24 * 3 }, () => random.integer(0, 255));
  const { pixels } = await decodeForModel(data, raw(size), { width: 16, height: 12 });
  const weights = [1, 3, 3, 1];
  const expected = (x: number, y: number, c: number): number => {
    let sum = 0;
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        const at = ((2 * y - 1 + i) * 32 + 2 * x - 1 + j) * 3 + c;
        sum += weights[i] * weights[j] * data[at];
      }
    }
    return sum / 64;
  };
  for (let y = 1; y < 11; y++) {
    for (let x = 1; x < 15; x++) {
      for (let c = 0; c < 3; c++) {
        const actual = pixels.data[(y * 16 + x) * 3 + c];
        t.true(Math.abs(actual - expected(x, y, c)) <= 1.5, `pixel ${x}, ${y}`);
      }
    }
  }
});

test('a small defect does not fall between the samples', async (t) => {
  const size = { width: 256, height: 256 };
  for (const at of [100, 101, 102, 103]) {
    const data = new Uint8Array(256 * 256 * 3);
    data.fill(255, (at * 256 + at) * 3, (at * 256 + at + 1) * 3);
    const { pixels } = await decodeForModel(data, raw(size), { width: 64, height: 64 });
    const total = pixels.data.reduce((sum, value) => sum + value, 0);
    t.true(Math.abs(total / (3 * 255) - 1 / 16) < 0.03, `${total}`);
  }
});

test('every way in gives the same picture', async (t) => {
  const size = { width: 384, height: 256 };
  const input = { width: 48, height: 32 };
  const data = ramp(size);
  const expected = ramp(input);
  const rgba = encoderOf(size, data).joinChannel(Buffer.alloc(384 * 256), {
    raw: { ...size, channels: 1 },
  });
  const ways: [string, Uint8Array, FrameEncoding][] = [
    ['raw', data, raw(size)],
    ['PNG', await encoderOf(size, data).png().toBuffer(), ENCODED],
    [
      'JPEG, shrunk while it is decoded',
      await encoderOf(size, data).jpeg({ quality: 95 }).toBuffer(),
      ENCODED,
    ],
    ['PNG, wholly transparent', await rgba.png().toBuffer(), ENCODED],
  ];
  for (const [name, bytes, encoding] of ways) {
    const { pixels, size: came } = await decodeForModel(bytes, encoding, input);
    t.deepEqual(came, size, name);
    t.deepEqual([pixels.width, pixels.height, pixels.data.length], [48, 32, expected.length], name);
    const difference = largestDifference(pixels.data, expected);
    t.true(difference <= 4, `${name} differs by ${difference}`);
  }
});

test('16 bit is resized, too', async (t) => {
  const size = { width: 8, height: 8 };
  const bytes = await encoderOf(size, new Uint8Array(8 * 8 * 3).fill(77))
    .toColourspace('rgb16')
    .png()
    .toBuffer();
  t.is((await sharp(bytes).metadata()).depth, 'ushort');
  const { pixels } = await decodeForModel(bytes, ENCODED, { width: 4, height: 4 });
  t.true(pixels.data.every((value) => value === 77));
});

test('a frame smaller than the input is enlarged', async (t) => {
  const size = { width: 4, height: 2 };
  const { pixels } = await decodeForModel(new Uint8Array(8).fill(9), raw(size, 1), {
    width: 8,
    height: 4,
  });
  t.deepEqual([...pixels.data], new Array(8 * 4 * 3).fill(9));
});

test('a rotated frame is measured upright, and its size is the upright one', async (t) => {
  const stored = { width: 16, height: 32 };
  const bytes = await encoderOf(stored, ramp(stored))
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  const { pixels, size } = await decodeForModel(bytes, ENCODED, { width: 16, height: 8 });
  t.deepEqual(size, { width: 32, height: 16 });
  t.deepEqual([pixels.width, pixels.height], [16, 8]);
  // The ramp is darkest where it began: in the stored upper left corner.
  const red = (x: number, y: number) => pixels.data[(y * 16 + x) * 3];
  t.true(red(15, 0) < red(0, 0), 'the stored top is at the right');
  t.true(red(0, 0) < red(0, 7), 'the stored left is at the top');
  await t.throwsAsync(decodeForModel(bytes, ENCODED, { width: 8, height: 16 }), {
    code: 'PL_IMAGE_SIZE',
    message: /is 32×16 px/,
  });
});

test('the aspect ratio may differ by 1 %, either way', async (t) => {
  const input = { width: 100, height: 100 };
  const decode = (size: Size) =>
    decodeForModel(new Uint8Array(size.width * size.height), raw(size, 1), input, {
      label: 'frame 7',
    });
  for (const [width, height] of [
    [200, 200],
    [101, 100],
    [100, 101],
    [200, 202],
  ]) {
    const { pixels } = await decode({ width, height });
    t.deepEqual([pixels.width, pixels.height], [100, 100]);
  }
  for (const [width, height] of [
    [102, 100],
    [100, 102],
    [100, 50],
    [1, 100],
  ]) {
    const error = await t.throwsAsync(decode({ width, height }), {
      instanceOf: PatchlineError,
      code: 'PL_IMAGE_SIZE',
      message: new RegExp(`^frame 7 is ${width}×${height} px, but the model reads 100×100 px`),
    });
    t.is(error?.disposition, 'reject');
  }
});
