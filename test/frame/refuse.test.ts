import { randomBytes } from 'node:crypto';
import { constants, deflateSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type ErrorCode, PatchlineError } from '../../src/errors.js';
import { type DecodeOptions, decodeImage, MAX_PIXELS } from '../../src/frame/decode.js';
import type { FrameEncoding } from '../../src/frame/frame.js';
import { sharp } from '../../src/frame/sharp-setup.js';
import { png, pngChunk, pngFile } from './png.js';

const ENCODED: FrameEncoding = { kind: 'encoded' };

async function assertRefused(
  t: ExecutionContext,
  bytes: Uint8Array,
  code: ErrorCode,
  message: RegExp,
  encoding: FrameEncoding = ENCODED,
  options: DecodeOptions = {},
): Promise<void> {
  const error = await t.throwsAsync(decodeImage(bytes, encoding, { label: 'a.png', ...options }), {
    instanceOf: PatchlineError,
    code,
    message,
  });
  t.is(error?.disposition, 'reject');
  t.regex(error?.message ?? '', /^a\.png /);
  t.truthy(error?.hint);
}

/** 48 × 48 px of noise, so that no format makes it small. */
const NOISE = {
  width: 48,
  height: 48,
  channels: 3,
  noise: { type: 'gaussian', mean: 128, sigma: 30 },
} as const;

function noise() {
  return sharp({ create: { ...NOISE, background: '#000' } });
}

test('zero bytes', (t) => assertRefused(t, new Uint8Array(), 'PL_IMAGE_UNREADABLE', /is empty/));

test('text named .png', (t) =>
  assertRefused(t, Buffer.from('this is text\n'), 'PL_IMAGE_UNREADABLE', /is not an image/));

test('random bytes', (t) =>
  assertRefused(t, randomBytes(5000), 'PL_IMAGE_UNREADABLE', /is not an image/));

test('without a label the error still says what it means', async (t) => {
  await t.throwsAsync(decodeImage(new Uint8Array(), ENCODED), { message: /^the image is empty/ });
});

test('truncated images', async (t) => {
  const files = [
    await noise().jpeg().toBuffer(),
    await noise().jpeg({ progressive: true }).toBuffer(),
    await noise().png().toBuffer(),
    await noise().webp().toBuffer(),
    await noise().webp({ lossless: true }).toBuffer(),
    await noise().tiff({ compression: 'none' }).toBuffer(),
  ];
  for (const bytes of files) {
    for (const share of [0.1, 0.5, 0.9, 0.98]) {
      const start = bytes.subarray(0, Math.floor(bytes.length * share));
      await assertRefused(t, start, 'PL_IMAGE_UNREADABLE', /is damaged: /);
    }
  }
});

test('a PNG with a wrong bit', async (t) => {
  const bytes = await noise().png().toBuffer();
  bytes[bytes.length >> 1] ^= 1;
  await assertRefused(t, bytes, 'PL_IMAGE_UNREADABLE', /is damaged: /);
});

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';

test('formats that are known but not read', async (t) => {
  const files: [string, Uint8Array][] = [
    ['SVG', Buffer.from(SVG)],
    ['SVG', Buffer.from(`<?xml version="1.0"?>\n<!-- a drawing -->\n${SVG}`)],
    ['GIF', await noise().gif().toBuffer()],
    ['AVIF or HEIF', await noise().avif({ effort: 0 }).toBuffer()],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['BMP', Buffer.from('BM\0\0\0\0')],
  ];
  for (const [name, bytes] of files) {
    await assertRefused(
      t,
      bytes,
      'PL_IMAGE_UNSUPPORTED',
      new RegExp(`is ${name}, which is not read`),
    );
  }
});

test('libvips itself loads nothing but the four formats', async (t) => {
  const refused = { message: /unsupported image format/ };
  await t.throwsAsync(sharp(Buffer.from(SVG)).metadata(), refused);
  await t.throwsAsync(sharp(await noise().gif().toBuffer()).metadata(), refused);
  const raw = sharp(Buffer.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } });
  t.deepEqual([...(await raw.raw().toBuffer())], [1, 2, 3], 'raw pixels go in as before');
});

/** 50,000 × 50,000 px of 1 bit: 300 kB that would become 7.5 GB of RGB. */
function bomb(): Buffer {
  const stream = deflateSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_FULL_FLUSH });
  const block = stream.subarray(2); // may follow itself, after the header of the stream
  const idat = Buffer.concat([stream, ...new Array<Buffer>(298).fill(block)]);
  return pngFile({ width: 50_000, height: 50_000, bits: 1, colourType: 0 }, [
    pngChunk('IDAT', idat),
  ]);
}

test('a PNG bomb is refused by its header, before any of it is decoded', async (t) => {
  const bytes = bomb();
  t.true(bytes.length < 400_000);
  const before = process.memoryUsage.rss();
  await assertRefused(
    t,
    bytes,
    'PL_IMAGE_TOO_LARGE',
    /is 50000×50000 px; the limit is 67108864 px/,
  );
  t.true(process.memoryUsage.rss() - before < 50e6);
});

test('the limit counts pixels, of encoded and raw images alike', async (t) => {
  const bytes = png({ width: 3, height: 2, bits: 8, colourType: 0 }, [
    Buffer.alloc(3),
    Buffer.alloc(3),
  ]);
  const raw = { kind: 'raw', width: 3, height: 2, channels: 1 } as const;
  await t.notThrowsAsync(decodeImage(bytes, ENCODED, { maxPixels: 6 }));
  await t.notThrowsAsync(decodeImage(Buffer.alloc(6), raw, { maxPixels: 6 }));
  const limit = { maxPixels: 5 };
  await assertRefused(t, bytes, 'PL_IMAGE_TOO_LARGE', /3×2 px; the limit is 5 px/, ENCODED, limit);
  await assertRefused(
    t,
    Buffer.alloc(6),
    'PL_IMAGE_TOO_LARGE',
    /3×2 px; the limit is 5 px/,
    raw,
    limit,
  );
  t.is(MAX_PIXELS, 8192 ** 2);
});

test('raw pixels of another length than their size', async (t) => {
  const raw = { kind: 'raw', width: 3, height: 2, channels: 3 } as const;
  for (const length of [0, 17, 19]) {
    const message = new RegExp(`has ${length} bytes .* 3×2 px of 3 channels are 18`);
    await assertRefused(t, new Uint8Array(length), 'PL_IMAGE_UNREADABLE', message, raw);
  }
  const none = { ...raw, width: 0, channels: 1 } as const;
  await assertRefused(
    t,
    new Uint8Array(),
    'PL_IMAGE_UNREADABLE',
    /0×2 px of 1 channel are 0/,
    none,
  );
});

test('whatever the bytes, the frame alone is rejected', async (t) => {
  const valid = await Promise.all([
    noise().jpeg().toBuffer(),
    noise().png().toBuffer(),
    noise().webp().toBuffer(),
    noise().tiff().toBuffer(),
  ]);
  const flips = fc.array(fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 255 })), {
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...valid), flips, async (original, changes) => {
      const bytes = Buffer.from(original);
      for (const [at, mask] of changes) bytes[at % bytes.length] ^= mask;
      const error: unknown = await decodeImage(bytes, ENCODED).then(
        () => undefined,
        (e) => e,
      );
      return (
        error === undefined || (error instanceof PatchlineError && error.disposition === 'reject')
      );
    }),
    { numRuns: 300 },
  );
  t.pass();
});
