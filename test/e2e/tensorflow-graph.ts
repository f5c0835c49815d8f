/** Tests of the encoder as a graph of TensorFlow, for tensorflow.test.ts: one installation serves all. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { ExecutionContext, Implementation } from 'ava';
import { startBackend } from '../../src/backend/backends.js';
import type { Encoder, EncoderInput, ViewRequest } from '../../src/backend/encoder.js';
import { Graph } from '../../src/backend/native/graph/graph.js';
import { Session } from '../../src/backend/native/graph/session.js';
import { uploadBytes } from '../../src/backend/native/native.js';
import { TensorEncoder } from '../../src/backend/tensor-encoder.js';
import { viewRequest } from '../../src/detect/detector.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import type { Pixels, Size } from '../../src/frame/pixels.js';
import { statisticsOf } from '../../src/frame/statistics.js';
import { Random } from '../../src/random.js';
import { load, smallModel, smallNetwork, surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';
import { referenceScores } from '../helpers/reference.js';

const NETWORK = smallNetwork(3);
const CENTRES = Float32Array.from({ length: 5 * 14 }, (_, i) => ((i * 7) % 11) / 11);
const NEAREST = {
  kind: 'nearest',
  centres: CENTRES,
  slope: Float32Array.of(1, 2, 3, 4, 5),
  intercept: Float32Array.of(5, -4, 3, -2, 1),
} as const;
const WHOLE = Number.POSITIVE_INFINITY;

/** All that a view may want, of layers and of statistics. */
const VIEWS: readonly ViewRequest[] = [
  viewRequest(NETWORK, 'rf8'),
  { ...viewRequest(NETWORK, 'rf64'), want: { kind: 'squaredNorm' } },
  { ...viewRequest(NETWORK, 'stat8'), want: { kind: 'squaredDistances', centres: CENTRES } },
  { ...viewRequest(NETWORK, 'stat16'), want: NEAREST },
];

async function encoded(encoder: Encoder, frames: readonly EncoderInput[]) {
  const outputs = await encoder.encode(frames);
  encoder.dispose();
  return outputs.flat();
}

const SIZES: readonly Size[] = [
  { width: 64, height: 64 },
  { width: 67, height: 71 },
  { width: 130, height: 85 },
];

const random = new Random(7);

function frame(width: number, height: number, value: () => number): Pixels {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, value) };
}

const HARD: Readonly<Record<string, Pixels>> = {
  'sides that are no multiples of 4': surface({ width: 67, height: 70 }, 4),
  white: frame(64, 64, () => 255),
  'nearly white': frame(72, 64, () => 255 - (random.uint32() % 2)),
  'all the contrast there is': frame(64, 72, () => 255 * (random.uint32() % 2)),
};

/** Where temporary files go during a test, and nothing else. */
async function ownTemporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'patchline-test-'));
  const { TMPDIR: before } = process.env;
  process.env.TMPDIR = folder;
  t.teardown(async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await rm(folder, { recursive: true });
  });
  return folder;
}

export function graphTests(
  test: (title: string, implementation: Implementation<[]>) => void,
): void {
  for (const size of SIZES) {
    for (const count of [1, 3, 8]) {
      const name = `${count} frames of ${size.width} × ${size.height}`;
      test(`it says what single operations say, to 1e-5: ${name}`, async (t) => {
        const backend = await startBackend('tensorflow');
        const images = Array.from({ length: count }, (_, i) => surface(size, i));
        for (const [tile, statistics] of [
          [WHOLE, true],
          [WHOLE, false],
          [64, true],
        ] as const) {
          const frames = images.map((pixels) => prepareFrame(pixels, tile, statistics));
          const device = { upload: uploadBytes, gpu: false };
          const eager = new TensorEncoder(NETWORK, VIEWS, device);
          const expected = await encoded(eager, frames);
          const actual = await encoded(await backend.encoder(NETWORK, VIEWS), frames);
          t.is(actual.length, count * VIEWS.length);
          actual.forEach((output, i) => {
            t.deepEqual(output.lattice, expected[i].lattice);
            near(t, output.values, expected[i].values, 1e-5, `${tile}, output ${i}`);
          });
        }
      });
    }
  }

  for (const [what, pixels] of Object.entries(HARD)) {
    test(`statistics are those of plain code, to 1e-5: ${what}`, async (t) => {
      const views = ['stat8', 'stat16'].map((name) => viewRequest(NETWORK, name));
      const encoder = await (await startBackend('tensorflow')).encoder(NETWORK, views);
      const [of8, of16] = await encoded(encoder, [prepareFrame(pixels, WHOLE, false)]);
      const { stat8, stat16 } = statisticsOf(pixels);
      near(t, of8.values, stat8, 1e-5, '8 px');
      near(t, of16.values, stat16, 1e-5, '16 px');
    });
  }

  test('scores are those of the float64 reference to 1e-4', async (t) => {
    const size = { width: 93, height: 78 };
    await startBackend('wasm');
    const model = await smallModel(size);
    const pixels = surface(size, 50);
    const expected = referenceScores(model, pixels);
    const { encoder, localizer } = await load(model, size, await startBackend('tensorflow'));
    for (const [tile, statistics] of [
      [WHOLE, false],
      [80, true],
    ] as const) {
      const [outputs] = await encoder.encode([prepareFrame(pixels, tile, statistics)]);
      near(t, localizer.localize(outputs).grid.scores, expected, 1e-4, `tile ${tile}`);
    }
    encoder.dispose();
  });

  test('what it holds is told and freed; its files are gone', async (t) => {
    const folder = await ownTemporaryFolder(t);
    const backend = await startBackend('tensorflow');
    const before = tf.memory().numTensors;
    const encoder = await backend.encoder(NETWORK, VIEWS);
    t.true(encoder.memory().bytes > 4 * NETWORK[0].filter.length);
    const frames = [prepareFrame(surface(SIZES[1], 1), WHOLE, false)];
    await encoder.encode(frames);
    const { tensors, bytes } = encoder.memory();
    await encoder.encode(frames);
    t.deepEqual(encoder.memory(), { tensors, bytes });
    t.is(tf.memory().numTensors, before);
    encoder.dispose();
    t.deepEqual(await readdir(folder), []);
  });

  test('it goes on where another back end is started meanwhile', async (t) => {
    const encoder = await (await startBackend('tensorflow')).encoder(NETWORK, VIEWS);
    const frames = (tile: number) => [prepareFrame(surface(SIZES[2], 1), tile, true)];
    const expected = await encoder.encode(frames(WHOLE));
    await startBackend('wasm');
    const actual = await encoded(encoder, frames(64)); // through a graph that was not loaded yet
    for (const [i, { values }] of actual.entries()) near(t, values, expected[0][i].values, 1e-5);
  });

  test('where no temporary files can be written, memory takes them', async (t) => {
    const folder = await ownTemporaryFolder(t);
    process.env.TMPDIR = join(folder, 'missing');
    const encoder = await (await startBackend('tensorflow')).encoder(NETWORK, VIEWS);
    t.true(encoder.memory().bytes > 0);
    encoder.dispose();
  });

  test('a graph that TensorFlow does not take is an error with its reason, and leaves no files', async (t) => {
    const folder = await ownTemporaryFolder(t);
    await startBackend('tensorflow');
    const graph = new Graph();
    graph.output(graph.raw('NoSuchOperator', [], {}), 'y');
    await t.throwsAsync(Session.load(graph), {
      code: 'PL_BACKEND',
      message: /'tensorflow' does not load the network: .*NoSuchOperator/,
    });
    t.deepEqual(await readdir(folder), []);
  });
}
