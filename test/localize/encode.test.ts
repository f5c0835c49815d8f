import test from 'ava';
import sharp from 'sharp';
import { decodeMap, encodeMap, encodeOverlay } from '../../src/localize/encode.js';
import { Random } from '../../src/random.js';

const SMALL = { rows: 2, cols: 3, stride: 4, offset: 3.5 };
const SCORES = Float32Array.of(-1.5, 0, 0.25, 3, 1, 2.999);
/**
 * `encodeMap` of SCORES. Pillow 13: numpy.array(Image.open(png)) is of mode I;16 and holds
 * [[0, 21845, 25486], [65535, 36408, 65520]].
 */
const STORED =
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACEAAAAADoj+WFAAAACXBIWXMAAAPoAAAD6AG1e5JrAAAAFklEQVQImWNgYAgNTe5j+P+/z+L/BwAftQZPl9OmeAAAAABJRU5ErkJggg==';
const SAMPLES = [0, 21845, 25486, 65535, 36408, 65520];

/** Depth and colour type as the header of a PNG states them. */
const header = (png: Uint8Array) => ({ depth: png[24], colourType: png[25] });

test('a map is a PNG of 16 bit grey whose samples are those that Pillow reads', async (t) => {
  const { png, scaleMin, scaleMax } = await encodeMap({ ...SMALL, scores: SCORES });
  t.deepEqual([scaleMin, scaleMax], [-1.5, 3]);
  t.deepEqual(header(png), { depth: 16, colourType: 0 });
  const stored = await decodeMap(Buffer.from(STORED, 'base64'), {
    ...SMALL,
    scaleMin: 0,
    scaleMax: 65535,
  });
  t.deepEqual([...stored], SAMPLES);
  const now = await decodeMap(png, { ...SMALL, scaleMin: 0, scaleMax: 65535 });
  t.deepEqual([...now], SAMPLES);
});

test('the round trip is within half a quantum', async (t) => {
  const random = new Random(7);
  const grid = { rows: 49, cols: 63, stride: 4, offset: 3.5 };
  const scores = Float32Array.from({ length: 49 * 63 }, () => random.normal(5, 3));
  const { png, ...scale } = await encodeMap({ ...grid, scores });
  const decoded = await decodeMap(png, { ...grid, ...scale });
  const half = (scale.scaleMax - scale.scaleMin) / 65535 / 2;
  const single = 2 ** -24 * scale.scaleMax; // the rounding of float32 itself
  t.true(decoded.every((score, i) => Math.abs(score - scores[i]) <= half + single));
});

test('a given scale clips what lies outside', async (t) => {
  const scale = { scaleMin: 0, scaleMax: 2 };
  const { png, ...used } = await encodeMap({ ...SMALL, scores: SCORES }, scale);
  t.deepEqual(used, scale);
  const decoded = await decodeMap(png, { ...SMALL, ...scale });
  const expected = [0, 0, 0.25, 2, 1, 2];
  t.true(decoded.every((score, i) => Math.abs(score - expected[i]) <= 1 / 65535 + 1e-7));
});

test('a constant grid comes back as it was', async (t) => {
  const encoded = await encodeMap({ ...SMALL, scores: new Float32Array(6).fill(1.25) });
  const decoded = await decodeMap(encoded.png, { ...SMALL, ...encoded });
  t.deepEqual([...decoded], Array(6).fill(1.25));
});

test('a grid that is not finite has no map', async (t) => {
  const scores = Float32Array.of(0, 1, Number.NaN, 2, 3, 4);
  await t.throwsAsync(encodeMap({ ...SMALL, scores }), { code: 'PL_NUMERIC' });
});

test('what is no map of that size is refused', async (t) => {
  const scale = { scaleMin: 0, scaleMax: 1 };
  const { png } = await encodeMap({ ...SMALL, scores: SCORES });
  const eightBit = await sharp(Buffer.alloc(6), { raw: { width: 3, height: 2, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  for (const [bytes, shape] of [
    [png, { rows: 3, cols: 2 }],
    [eightBit, SMALL],
    [png.subarray(0, 60), SMALL],
    [Buffer.from('no image'), SMALL],
  ] as const) {
    await t.throwsAsync(decodeMap(bytes, { ...shape, ...scale }), { code: 'PL_IMAGE_UNREADABLE' });
  }
});

test('an overlay is a JPEG of its size at full colour resolution', async (t) => {
  const data = new Uint8Array(16 * 8 * 3);
  for (let i = 0; i < data.length; i += 6) data.set([213, 30, 40, 255, 255, 255], i);
  const jpeg = await encodeOverlay({ width: 16, height: 8, data });
  const { format, width, height, chromaSubsampling } = await sharp(jpeg).metadata();
  t.deepEqual([format, width, height, chromaSubsampling], ['jpeg', 16, 8, '4:4:4']);
});
