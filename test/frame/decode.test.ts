import { deflateSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { PatchlineError } from '../../src/errors.js';
import { decodeImage } from '../../src/frame/decode.js';
import type { FrameEncoding } from '../../src/frame/frame.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { sharp } from '../../src/frame/sharp-setup.js';
import { png, pngChunk } from './png.js';

const ENCODED: FrameEncoding = { kind: 'encoded' };

function decode(bytes: Uint8Array): Promise<Pixels> {
  return decodeImage(bytes, ENCODED);
}

/** What each pixel is, row by row: one number for a grey one, [r, g, b] else. */
function assertPixels(t: ExecutionContext, pixels: Pixels, rows: (number | number[])[][]): void {
  t.deepEqual([pixels.height, pixels.width], [rows.length, rows[0].length]);
  const expected = rows.flat().flatMap((p) => (typeof p === 'number' ? [p, p, p] : p));
  t.deepEqual([...pixels.data], expected);
}

function assertClose(
  t: ExecutionContext,
  actual: Uint8Array,
  expected: ArrayLike<number>,
  by: number,
) {
  t.is(actual.length, expected.length);
  const worst = actual.reduce((max, v, i) => Math.max(max, Math.abs(v - expected[i])), 0);
  t.true(worst <= by, `differs by ${worst}`);
}

/** Big-endian samples of 16 bit. */
function words(...values: number[]): Buffer {
  return Buffer.from(values.flatMap((v) => [v >> 8, v & 255]));
}

test('grey becomes R = G = B', async (t) => {
  const bytes = png({ width: 2, height: 2, bits: 8, colourType: 0 }, [
    Buffer.of(0, 100),
    Buffer.of(200, 255),
  ]);
  assertPixels(t, await decode(bytes), [
    [0, 100],
    [200, 255],
  ]);
});

test('grey with alpha: alpha is dropped, not composited', async (t) => {
  const bytes = png({ width: 3, height: 1, bits: 8, colourType: 4 }, [
    Buffer.of(10, 0, 100, 128, 200, 255),
  ]);
  assertPixels(t, await decode(bytes), [[10, 100, 200]]);
});

test('RGB', async (t) => {
  const bytes = png({ width: 2, height: 1, bits: 8, colourType: 2 }, [
    Buffer.of(1, 2, 3, 250, 0, 5),
  ]);
  assertPixels(t, await decode(bytes), [
    [
      [1, 2, 3],
      [250, 0, 5],
    ],
  ]);
});

test('RGBA: alpha is dropped, not composited', async (t) => {
  const bytes = png({ width: 2, height: 1, bits: 8, colourType: 6 }, [
    Buffer.of(1, 2, 3, 0, 250, 0, 5, 99),
  ]);
  assertPixels(t, await decode(bytes), [
    [
      [1, 2, 3],
      [250, 0, 5],
    ],
  ]);
});

test('a palette becomes its colours, with or without transparency', async (t) => {
  const header = { width: 4, height: 1, bits: 2, colourType: 3 } as const;
  const palette = pngChunk('PLTE', Buffer.of(9, 8, 7, 255, 0, 0, 0, 255, 0));
  const rows = [Buffer.of(0b00_01_10_01)];
  const colours = [
    [
      [9, 8, 7],
      [255, 0, 0],
      [0, 255, 0],
      [255, 0, 0],
    ],
  ];
  assertPixels(t, await decode(png(header, rows, [palette])), colours);
  const transparent = pngChunk('tRNS', Buffer.of(0, 128));
  assertPixels(t, await decode(png(header, rows, [palette, transparent])), colours);
});

test('1 and 4 bit are stretched to the whole range', async (t) => {
  const two = png({ width: 4, height: 1, bits: 1, colourType: 0 }, [Buffer.of(0b0110_0000)]);
  assertPixels(t, await decode(two), [[0, 255, 255, 0]]);
  const sixteen = png({ width: 4, height: 1, bits: 4, colourType: 0 }, [Buffer.of(0x01, 0x8f)]);
  assertPixels(t, await decode(sixteen), [[0, 17, 136, 255]]);
});

test('16-bit grey: the upper 8 bits, neither clipped nor stretched', async (t) => {
  const header = { width: 6, height: 1, bits: 16, colourType: 0 } as const;
  const row = words(0, 255, 256, 300, 0x7fff, 0xffff);
  assertPixels(t, await decode(png(header, [row])), [[0, 0, 1, 1, 127, 255]]);
});

test('a dark 16-bit image of 12-bit camera counts stays dark', async (t) => {
  const header = { width: 2, height: 1, bits: 16, colourType: 0 } as const;
  assertPixels(t, await decode(png(header, [words(2048, 4095)])), [[8, 15]]);
});

test('16-bit RGB and RGBA: the upper 8 bits', async (t) => {
  const rgb = png({ width: 2, height: 1, bits: 16, colourType: 2 }, [
    words(0, 0x1234, 0xff00, 0xabcd, 0x8000, 0x00ff),
  ]);
  assertPixels(t, await decode(rgb), [
    [
      [0, 0x12, 0xff],
      [0xab, 0x80, 0],
    ],
  ]);
  const rgba = png({ width: 1, height: 1, bits: 16, colourType: 6 }, [
    words(0x1234, 0x5678, 0x9abc, 0x0101),
  ]);
  assertPixels(t, await decode(rgba), [[[0x12, 0x56, 0x9a]]]);
});

test('CMYK JPEG becomes sRGB', async (t) => {
  // Pillow 13: 8 px each of white, K = 255, K = 128 and C = 255, saved as CMYK with quality 90.
  const cmyk = Buffer.from(
    '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAW' +
      'EBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAgBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYH' +
      'CAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBka' +
      'JSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeo' +
      'qaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD9U6/V' +
      'Ov1Tr9U6KKK/lXooor9Uq/lXoor9Vq//2Q==',
    'base64',
  );
  const { width, height, data } = await decode(cmyk);
  t.deepEqual([width, height], [32, 8]);
  const [white, black, grey, cyan] = [0, 8, 16, 24].map((x) => [...data.slice(3 * x, 3 * x + 3)]);
  t.deepEqual(white, [255, 255, 255]);
  t.true(Math.max(...black) < 40, `black is ${black}`);
  t.true(Math.max(...grey) - Math.min(...grey) < 8 && grey[0] > 100 && grey[0] < 160, `${grey}`);
  t.true(cyan[0] < 40 && cyan[1] > 120 && cyan[2] > 190, `cyan is ${cyan}`);
});

/** The letters are grey values; upright images of what is stored as abc / def, from the EXIF standard. */
const ORIENTED = [
  'abc def',
  'cba fed',
  'fed cba',
  'def abc',
  'ad be cf',
  'da eb fc',
  'fc eb da',
  'cf be ad',
];

ORIENTED.forEach((upright, i) => {
  test(`EXIF orientation ${i + 1}`, async (t) => {
    const stored = sharp(Buffer.from('abcdef'), { raw: { width: 3, height: 2, channels: 1 } });
    const bytes = await stored
      .withMetadata({ orientation: i + 1 })
      .png()
      .toBuffer();
    const rows = upright.split(' ').map((row) => [...row].map((c) => c.charCodeAt(0)));
    assertPixels(t, await decode(bytes), rows);
  });
});

const COLOURS = [
  [200, 50, 50],
  [20, 120, 60],
  [128, 128, 128],
]; // inside Display P3 and sRGB

function inDisplayP3(): Promise<Buffer> {
  const source = sharp(Buffer.from(COLOURS.flat()), { raw: { width: 3, height: 1, channels: 3 } });
  return source.withIccProfile('p3').png().toBuffer();
}

test('8 bit with an ICC profile becomes sRGB', async (t) => {
  const bytes = await inDisplayP3();
  const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
  t.true(COLOURS[0][0] - stored[0] > 10, 'the file holds other numbers');
  assertClose(t, (await decode(bytes)).data, COLOURS.flat(), 2);
});

test('16 bit with an ICC profile stays what it is', async (t) => {
  const { icc } = await sharp(await inDisplayP3()).metadata();
  const name = Buffer.from('p3\0\0');
  const profile = pngChunk('iCCP', Buffer.concat([name, deflateSync(icc!)]));
  const header = { width: 1, height: 1, bits: 16, colourType: 2 } as const;
  const bytes = png(header, [words(0xc800, 0x3200, 0x3200)], [profile]);
  t.true((await sharp(bytes).metadata()).hasProfile);
  assertPixels(t, await decode(bytes), [[[200, 50, 50]]]);
});

/** 24 × 16 px of smooth colours. */
const SMOOTH = Uint8Array.from({ length: 24 * 16 * 3 }, (_, i) => {
  const [x, y, c] = [Math.floor(i / 3) % 24, Math.floor(i / 72), i % 3];
  return 40 + 5 * x + 4 * y + 20 * c;
});

function smooth() {
  return sharp(SMOOTH, { raw: { width: 24, height: 16, channels: 3 } });
}

test('PNG, lossless WebP and TIFF to the bit', async (t) => {
  const files = [
    await smooth().png().toBuffer(),
    await smooth().png({ progressive: true }).toBuffer(),
    await smooth().webp({ lossless: true }).toBuffer(),
    await smooth().tiff({ compression: 'lzw' }).toBuffer(),
    await smooth().tiff({ compression: 'none', bigtiff: true }).toBuffer(),
  ];
  for (const bytes of files) t.deepEqual((await decode(bytes)).data, SMOOTH);
});

test('JPEG and WebP with their losses', async (t) => {
  const files = [
    await smooth().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(),
    await smooth().jpeg({ quality: 95, progressive: true }).toBuffer(),
    await smooth().webp({ quality: 95 }).toBuffer(),
  ];
  for (const bytes of files) assertClose(t, (await decode(bytes)).data, SMOOTH, 8);
});

/** A TIFF of one row of grey samples of any type: 1 unsigned, 2 signed, 3 float. */
function tiff(bits: number, sampleFormat: number, samples: Buffer): Buffer {
  const fields = [
    [256, (samples.length * 8) / bits], // width
    [257, 1], // height
    [258, bits],
    [259, 1], // no compression
    [262, 1], // 0 is black
    [273, 8], // the samples follow the header
    [277, 1], // samples a pixel
    [278, 1], // rows a strip
    [279, samples.length],
    [339, sampleFormat],
  ];
  const entries = fields.map(([tag, value]) =>
    Buffer.from(Uint16Array.of(tag, 3, 1, 0, value, 0).buffer),
  );
  const directory = 8 + samples.length;
  const head = Buffer.from([0x49, 0x49, 42, 0, directory, 0, 0, 0]);
  return Buffer.concat([head, samples, Buffer.of(fields.length, 0), ...entries, Buffer.alloc(4)]);
}

test('16-bit TIFF', async (t) => {
  const samples = Buffer.from(Uint16Array.of(0, 300, 0x8000, 0xffff).buffer);
  assertPixels(t, await decode(tiff(16, 1, samples)), [[0, 1, 128, 255]]);
});

test('samples that would be clipped are refused', async (t) => {
  const unsupported = { instanceOf: PatchlineError, code: 'PL_IMAGE_UNSUPPORTED' };
  const float = decode(tiff(32, 3, Buffer.from(Float32Array.of(0, 0.5, 1, 300).buffer)));
  await t.throwsAsync(float, { ...unsupported, message: /pixels of 1 × float/ });
  const signed = decode(tiff(16, 2, Buffer.from(Int16Array.of(-5, 300).buffer)));
  await t.throwsAsync(signed, { ...unsupported, message: /pixels of 1 × short/ });
});

test('of several pages the first', async (t) => {
  const pages = sharp(SMOOTH, { raw: { width: 24, height: 16, channels: 3, pageHeight: 8 } });
  const bytes = await pages.tiff({ compression: 'none' }).toBuffer();
  t.is((await sharp(bytes).metadata()).pages, 2);
  const { height, data } = await decode(bytes);
  t.is(height, 8);
  t.deepEqual(data, SMOOTH.slice(0, data.length));
});

test('an image of one colour is an image', async (t) => {
  const bytes = png({ width: 2, height: 1, bits: 8, colourType: 0 }, [Buffer.of(0, 0)]);
  assertPixels(t, await decode(bytes), [[0, 0]]);
});

test('raw pixels of 1, 3 and 4 channels', async (t) => {
  const raw = (channels: 1 | 3 | 4, ...bytes: number[]) =>
    decodeImage(Uint8Array.from(bytes), { kind: 'raw', width: 2, height: 1, channels });
  assertPixels(t, await raw(1, 7, 200), [[7, 200]]);
  assertPixels(t, await raw(3, 1, 2, 3, 4, 5, 6), [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ]);
  assertPixels(t, await raw(4, 1, 2, 3, 0, 4, 5, 6, 255), [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ]);
});

test('raw pixels do not share memory with what came in', async (t) => {
  const bytes = Uint8Array.of(1, 2, 3);
  const { data } = await decodeImage(bytes, { kind: 'raw', width: 1, height: 1, channels: 3 });
  bytes.fill(0);
  t.deepEqual([...data], [1, 2, 3]);
});
