import type { Worker } from 'node:worker_threads';
import test from 'ava';
import { runningTensorflow, startTensorflow } from '../../src/backend/tensorflow.js';
import { LoadedDetector } from '../../src/detect/model.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { Engine, type OverlayPolicy } from '../../src/engine/engine.js';
import { ModelSet } from '../../src/engine/models.js';
import { decodeForModel } from '../../src/frame/decode.js';
import type { Frame, Judgement, ScoreGrid } from '../../src/frame/frame.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { sharp } from '../../src/frame/sharp-setup.js';
import { judge } from '../../src/localize/verdict.js';
import type { Bundle } from '../../src/model/bundle.js';
import { pngChunk, pngFile } from '../frame/png.js';
import { frameOf } from '../helpers/frames.js';
import { enlargedPng, jpeg, png, surface, withDefect } from '../helpers/images.js';
import { testModel } from '../helpers/model.js';

const WIDE = { width: 96, height: 64 };
const TALL = { width: 64, height: 80 };

const good = surface(WIDE, 100);
const bad = withDefect(surface(WIDE, 101), 60, 20);

/** Two cameras with models of different sizes; `never` in a frame's id: no overlay, and so on. */
let engine: Engine;
/** The literal patch mode. */
let patchEngine: Engine;
let wide: Bundle;
let detector: LoadedDetector;
let decodingThread: Worker;
let encodingThread: Worker;

test.before(async () => {
  wide = await testModel(WIDE);
  const byCamera = new Map([
    ['wide', wide],
    ['tall', await testModel(TALL)],
  ]);
  const overlay = ({ id }: Frame) =>
    (['always', 'anomalous'].find((policy) => id.startsWith(policy)) ?? 'never') as OverlayPolicy;
  const threads = { encoderThreads: 1, decodeThreads: 1 };
  engine = new Engine({ models: new ModelSet(byCamera, undefined), overlay, ...threads });
  patchEngine = new Engine({
    models: ModelSet.single(wide),
    overlay: () => 'always',
    tile: 64,
    ...threads,
  });
  const workers: Worker[] = [];
  process.on('worker', (worker) => workers.push(worker));
  await Promise.all([engine.start(), patchEngine.start(), startTensorflow('wasm')]);
  [decodingThread, encodingThread] = workers;
  detector = await LoadedDetector.load(wide, runningTensorflow());
});

test.after.always(async () => {
  await Promise.all([engine.stop(), patchEngine.stop()]);
});

async function judged(frame: Frame, by = engine): Promise<Judgement> {
  const outcome = await by.judge({
    ...frame,
    camera: frame.camera === 'cam' ? 'wide' : frame.camera,
  });
  if (outcome.verdict === 'rejected') throw new Error(outcome.message);
  return outcome;
}

const raw = ({ width, height, data }: Pixels): Frame =>
  frameOf('raw', data, { encoding: { kind: 'raw', width, height, channels: 3 } });

/** What the parts say without threads. */
async function judgedHere({ bytes, encoding }: Frame) {
  const { pixels, size: frameSize } = await decodeForModel(bytes, encoding, WIDE);
  const input = prepareFrame(pixels, Number.POSITIVE_INFINITY, detector.wantsStatistics);
  const { grid, map } = await detector.localize(input);
  const { threshold } = wide.manifest.calibration;
  const minAreaPx = (16 * (frameSize.width * frameSize.height)) / (WIDE.width * WIDE.height);
  const share = detector.spec.map.topShare;
  const verdict = judge(map, WIDE, { threshold, share, frameSize, minAreaPx });
  return { ...verdict, grid, threshold, size: frameSize };
}

const samples: Readonly<Record<string, () => Promise<Frame>>> = {
  'a good PNG': async () => frameOf('a', await png(good)),
  'a bad PNG': async () => frameOf('a', await png(bad)),
  'a JPEG': async () => frameOf('a', await jpeg(bad)),
  'raw pixels': async () => raw(bad),
  'a larger frame': async () => frameOf('a', await enlargedPng(bad, 3)),
  'a smaller frame': async () =>
    frameOf('a', await png(withDefect(surface({ width: 48, height: 32 }, 5), 20, 10))),
};

for (const [name, make] of Object.entries(samples)) {
  test(`${name} is judged by threads as without them`, async (t) => {
    const frame = await make();
    const { grid, ...outcome } = await judged(frame);
    const { grid: expectedGrid, ...expected } = await judgedHere(frame);
    t.like(outcome, expected);
    t.deepEqual(grid, expectedGrid);
    t.deepEqual(outcome.model, { id: wide.id, name: 'surface' });
  });
}

test('good is ok, bad is anomalous, and the region is where the defect is', async (t) => {
  t.like(await judged(raw(good)), { verdict: 'ok', regions: [] });
  const { verdict, regions, size } = await judged(raw(bad));
  t.is(verdict, 'anomalous');
  t.deepEqual(size, WIDE);
  const { x, y, width, height } = regions[0];
  const isThere = Math.abs(x + width / 2 - 68) < 8 && Math.abs(y + height / 2 - 28) < 8;
  t.true(isThere, JSON.stringify(regions));
});

test('regions are in pixels of the frame that came in', async (t) => {
  const large = frameOf('a', await enlargedPng(bad, 3));
  const { pixels } = await decodeForModel(large.bytes, large.encoding, WIDE);
  const { regions: expected } = await judged(raw(pixels));
  const { regions, size } = await judged(large);
  t.deepEqual(size, { width: 288, height: 192 });
  t.deepEqual(
    regions,
    expected.map((region) => ({
      ...region,
      x: 3 * region.x,
      y: 3 * region.y,
      width: 3 * region.width,
      height: 3 * region.height,
      areaPx: 9 * region.areaPx,
    })),
  );
});

test('patch by patch gives the scores of the whole frame', async (t) => {
  for (const pixels of [good, bad]) {
    const whole = await judged(raw(pixels));
    const patches = await judged(raw(pixels), patchEngine);
    t.is(patches.verdict, whole.verdict);
    assertClose(t.true, [patches.score], [whole.score]);
    assertClose(t.true, gridOf(patches).scores, gridOf(whole).scores);
  }
});

function gridOf({ grid }: Judgement): ScoreGrid {
  if (grid === undefined) throw new Error('no grid');
  return grid;
}

/** Relative to the scale of the scores: they are sums of standardised values and pass through 0. */
function assertClose(
  check: (ok: boolean, why: string) => void,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
) {
  const scale = Math.max(...Array.from(b, Math.abs));
  const worst = Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
  check(a.length === b.length && worst <= 1e-4 * scale, `${worst} of ${scale}`);
}

test('each camera has its model, of its own input size', async (t) => {
  const pixels = surface(TALL, 3);
  const outcome = await judged({ ...raw(pixels), camera: 'tall' });
  t.deepEqual(outcome.size, TALL);
  t.not(outcome.model.id, wide.id);
  const { rows, cols } = gridOf(outcome);
  t.deepEqual({ rows, cols }, { rows: 19, cols: 15 }); // (side − 8) / 4 + 1
  t.like(await engine.judge({ ...raw(pixels), camera: 'wide' }), { code: 'PL_IMAGE_SIZE' });
  t.like(await engine.judge({ ...raw(pixels), camera: 'none' }), { code: 'PL_CONFIG' });
});

for (const [policy, ok, anomalous] of [
  ['always', true, true],
  ['anomalous', false, true],
  ['never', false, false],
] as const) {
  test(`overlay ${policy}: ${ok ? 'with' : 'without'} when ok, ${anomalous ? 'with' : 'without'} when not`, async (t) => {
    const outcomes = await Promise.all(
      [good, bad].map((pixels) => judged({ ...raw(pixels), id: policy })),
    );
    t.deepEqual(
      outcomes.map(({ overlay, timings }) => [overlay !== undefined, timings.overlay > 0]),
      [
        [ok, ok],
        [anomalous, anomalous],
      ],
    );
  });
}

test('an overlay is a JPEG of the model’s input size that shows the frame', async (t) => {
  const { overlay } = await judged({ ...frameOf('always', await enlargedPng(bad, 3)) });
  const { overlay: ofPatches } = await judged(raw(bad), patchEngine);
  for (const picture of [overlay, ofPatches]) {
    const { format, width, height } = await sharp(picture).metadata();
    t.deepEqual({ format, width, height }, { format: 'jpeg', ...WIDE });
    const { data } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
    const core = 3 * (28 * WIDE.width + 68);
    t.true(data[core + 2] < 100, 'the black core of the defect'); // blue: the ramp has none there
  }
});

test('the bytes of the caller stay his, also as a part of a larger buffer', async (t) => {
  const picture = await png(bad);
  const buffer = Buffer.alloc(picture.length + 20, 7);
  buffer.set(picture, 10);
  const slice = buffer.subarray(10, 10 + picture.length);
  const before = Buffer.from(buffer);
  t.like(await judged(frameOf('a', slice)), { verdict: 'anomalous' });
  t.deepEqual(buffer, before);
  t.is(slice.byteOffset, buffer.byteOffset + 10);
  await engine.judge(frameOf('a', slice.subarray(0, 100), { camera: 'wide' })); // rejected
  t.deepEqual(buffer, before);
});

test('timings are milliseconds of each stage', async (t) => {
  const start = performance.now();
  const { timings } = await judged({ ...raw(bad), id: 'always' });
  const total = performance.now() - start;
  t.deepEqual(Object.keys(timings), ['wait', 'decode', 'encode', 'density', 'map', 'overlay']);
  const sum = Object.values(timings).reduce((a, b) => a + b);
  for (const ms of Object.values(timings)) t.true(ms >= 0);
  t.true(sum <= total + 1, `${sum} of ${total}`);
});

const BOMB = pngFile({ width: 50_000, height: 50_000, bits: 8, colourType: 2 }, [
  pngChunk('IDAT', new Uint8Array(64)),
]);

const refused: Readonly<Record<string, [code: string, make: () => Promise<Frame>]>> = {
  'an empty frame': ['PL_IMAGE_UNREADABLE', async () => frameOf('a')],
  'a text': ['PL_IMAGE_UNREADABLE', async () => frameOf('a', 'no image, but a text')],
  'a truncated JPEG': [
    'PL_IMAGE_UNREADABLE',
    async () => frameOf('a', (await jpeg(good)).subarray(0, 900)),
  ],
  'an SVG': [
    'PL_IMAGE_UNSUPPORTED',
    async () => frameOf('a', '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="64"/>'),
  ],
  'a PNG of 50 000 × 50 000': ['PL_IMAGE_TOO_LARGE', async () => frameOf('a', BOMB)],
  'another aspect ratio': [
    'PL_IMAGE_SIZE',
    async () => frameOf('a', await png(surface({ width: 96, height: 96 }, 1))),
  ],
  'raw pixels of the wrong number': [
    'PL_IMAGE_UNREADABLE',
    async () => ({ ...raw(good), bytes: good.data.subarray(1) }),
  ],
};

for (const [name, [code, make]] of Object.entries(refused)) {
  test(`${name} is rejected with ${code}, and the line goes on`, async (t) => {
    const frame = { ...(await make()), camera: 'wide', id: 'frame-17' };
    for (let i = 0; i < 6; i++) {
      // more than an engine fails at
      const outcome = await engine.judge(frame);
      t.like(outcome, { verdict: 'rejected', code });
      t.regex((outcome as { message: string }).message, /frame-17.*\(camera wide\)/s);
    }
    t.like(await judged(raw(good)), { verdict: 'ok' });
  });
}

test('a blank frame is judged or rejected, and the line goes on', async (t) => {
  const blank = { ...good, data: new Uint8Array(good.data.length).fill(128) };
  for (let i = 0; i < 6; i++) {
    const outcome = await engine.judge({ ...raw(blank), camera: 'wide' });
    t.true(outcome.verdict !== 'rejected' || outcome.code === 'PL_NUMERIC');
  }
  t.like(await judged(raw(good)), { verdict: 'ok' });
});

test.serial('200 frames leave no tensor behind', async (t) => {
  await Promise.all([judged(raw(good)), judged({ ...raw(surface(TALL, 1)), camera: 'tall' })]);
  const { memory } = engine;
  t.true(memory.tensors > 0 && memory.bytes > 0);
  const frames = Array.from({ length: 200 }, (_, n) => judged(raw(n % 10 === 0 ? bad : good)));
  const scores = new Set((await Promise.all(frames)).map(({ score }) => score));
  t.is(scores.size, 2);
  t.deepEqual(engine.memory, memory);
});

test.serial('threads that die under load cost the frames in them, and nothing more', async (t) => {
  const frames = Array.from({ length: 12 }, () => engine.judge({ ...raw(good), camera: 'wide' }));
  await frames[2];
  await decodingThread.terminate();
  await encodingThread.terminate();
  const outcomes = await Promise.all(frames);
  const lost = outcomes.filter(({ verdict }) => verdict === 'rejected');
  t.true(lost.length >= 1 && lost.length <= 2, `${lost.length} frames`);
  for (const outcome of lost) t.like(outcome, { code: 'PL_BACKEND' });
  t.is(engine.lifecycle.state, 'running');
});
