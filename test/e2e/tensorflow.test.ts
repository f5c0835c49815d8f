/**
 * The back end `tensorflow`, from `patchline setup tensorflow` to scores. Skipped without the
 * library: see helpers/tensorflow.ts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import anyTest from 'ava';
import { type BackendName, startBackend } from '../../src/backend/backends.js';
import { uploadBytes } from '../../src/backend/native/native.js';
import { denseBatch, literalBatch } from '../../src/cutpaste/batch.js';
import { DEFAULT_OPTIMISER } from '../../src/cutpaste/optimiser.js';
import { neutralMoments } from '../../src/cutpaste/resnet18/moments.js';
import { trainingResNet18 } from '../../src/cutpaste/resnet18/training.js';
import { foldResNet18, initialResNet18 } from '../../src/cutpaste/resnet18/weights.js';
import { Trainer } from '../../src/cutpaste/trainer.js';
import { trainingEncoder } from '../../src/cutpaste/training-network.js';
import { imageEncoder } from '../../src/detect/image-detector.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { Engine } from '../../src/engine/engine.js';
import { ModelSet } from '../../src/engine/models.js';
import type { Judgement } from '../../src/frame/frame.js';
import { PAPER_READOUT, type Readout } from '../../src/learn/options.js';
import type { Normalisation } from '../../src/model/manifest.js';
import { type Finished, patchline } from '../helpers/cli.js';
import { frameOf } from '../helpers/frames.js';
import { png, surface as ribs } from '../helpers/images.js';
import { testModel } from '../helpers/model.js';
import { load, SMALL_LAYERS, smallModel, surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';
import { skipsTensorflow, tensorflowDirectory } from '../helpers/tensorflow.js';
import { writeDataset } from './dataset.js';
import { graphTests } from './tensorflow-graph.js';

const test = skipsTensorflow ? anyTest.serial.skip : anyTest.serial;

const SIZE = { width: 92, height: 78 };

let folder: string;
let installation: ReturnType<typeof tensorflowDirectory>;

const run = (...args: string[]): Promise<Finished> =>
  patchline(args, { cwd: folder, environment: process.env as Record<string, string> });

anyTest.before(async (t) => {
  if (skipsTensorflow) return;
  t.timeout(600_000);
  folder = await mkdtemp(join(tmpdir(), 'patchline-e2e-'));
  installation = tensorflowDirectory();
  const { code, stderr } = await run('setup', 'tensorflow');
  t.is(code, 0, stderr);
  await writeDataset(join(folder, 'ribs'));
});

anyTest.after.always(async () => {
  if (skipsTensorflow) return;
  await rm(folder, { recursive: true, force: true });
  if (installation.isOwn) await rm(dirname(installation.dir), { recursive: true, force: true });
});

test('setting it up once more checks every file and builds nothing', async (t) => {
  const { code, stdout, stderr } = await run('setup', 'tensorflow', '--json');
  t.is(code, 0, stderr);
  const { built, device, tensorflow, difference } = JSON.parse(stdout);
  t.deepEqual({ built, device, tensorflow }, { built: false, device: 'cpu', tensorflow: '2.21.0' });
  t.true(difference < 1e-5);
});

async function scoresOn(
  backend: BackendName,
  model: Awaited<ReturnType<typeof smallModel>>,
  tile = Number.POSITIVE_INFINITY,
): Promise<Float32Array> {
  const detector = await load(model, SIZE, await startBackend(backend));
  const frame = prepareFrame(surface(SIZE, 50), tile, true);
  const { grid } = await detector.localize(frame);
  detector.dispose();
  return grid.scores;
}

/** Of a frame among others, its statistics left to the back end. */
async function scoresFromPixels(model: Awaited<ReturnType<typeof smallModel>>) {
  const { encoder, localizer } = await load(model, SIZE, await startBackend('tensorflow'));
  const frames = [49, 50].map((n) =>
    prepareFrame(surface(SIZE, n), Number.POSITIVE_INFINITY, false),
  );
  const outputs = await encoder.encode(frames);
  encoder.dispose();
  return localizer.localize(outputs[1]).grid.scores;
}

const READOUTS: Readonly<Record<string, Partial<Readout>>> = {
  gaussian: { density: 'gaussian' },
  nearest: { density: 'nearest' },
  kernel: { density: 'kernel' },
  location: { density: 'location' },
  "the paper's": PAPER_READOUT,
};

for (const [name, readout] of Object.entries(READOUTS)) {
  test(`scores are those of the reference back end to 1e-4: ${name}`, async (t) => {
    await startBackend('wasm');
    const model = await smallModel(SIZE, readout);
    const expected = await scoresOn('cpu', model);
    near(t, await scoresOn('tensorflow', model), expected, 1e-4);
    near(t, await scoresOn('tensorflow', model, 64), expected, 1e-4, 'patch by patch');
    near(t, await scoresFromPixels(model), expected, 1e-4, 'statistics from pixels');
  });
}

test('every byte arrives as its number', async (t) => {
  await startBackend('tensorflow');
  const bytes = Uint8Array.from({ length: 2 * 8 * 16 * 3 }, (_, i) => i % 256);
  const before = tf.memory().numTensors;
  const pixels = uploadBytes(bytes, [2, 8, 16, 3]);
  t.deepEqual(pixels.shape, [2, 8, 16, 3]);
  t.deepEqual([...pixels.dataSync()], [...bytes]);
  pixels.dispose();
  t.is(tf.memory().numTensors, before);
});

const NORMALISATION: Normalisation = { mean: [0.5, 0.5, 0.5], deviation: [0.2, 0.2, 0.2] };
const SQUARES = [0, 1].map((n) => surface({ width: 128, height: 128 }, n));
const BATCH = { images: SQUARES, variant: '3-way', seed: 1 } as const;

/** Narrow, so that it is fast. */
const RESNET18 = initialResNet18(1, [8, 8, 16, 16]);

const TRAININGS = {
  'the patch encoder': {
    network: () => trainingEncoder(SMALL_LAYERS, 1),
    batch: (step: number) => denseBatch({ ...BATCH, count: 2, step }),
  },
  'ResNet-18': {
    network: () => trainingResNet18(RESNET18),
    batch: (step: number) => literalBatch({ ...BATCH, count: 6, side: 96, step }),
  },
};

/** Gradients of a batch on a network that has trained two steps. */
async function gradientsOn(backend: BackendName, { network, batch }: Training) {
  await startBackend(backend);
  const optimiser = { ...DEFAULT_OPTIMISER, steps: 10 };
  const trainer = new Trainer<unknown>(network(), 3, NORMALISATION, optimiser, 1);
  const before = tf.memory().numTensors;
  trainer.train(batch(0));
  trainer.train(batch(1));
  const { loss, gradients } = trainer.gradients(batch(2));
  return { loss, gradients, leaked: tf.memory().numTensors - before };
}

type Training = (typeof TRAININGS)[keyof typeof TRAININGS];

for (const [name, training] of Object.entries(TRAININGS)) {
  test(`training has the loss and the gradients of wasm: ${name}`, async (t) => {
    const wasm = await gradientsOn('wasm', training);
    const native = await gradientsOn('tensorflow', training);
    near(t, [native.loss], [wasm.loss], 1e-5, 'loss');
    t.is(native.gradients.size, wasm.gradients.size);
    for (const [name, expected] of wasm.gradients) {
      near(t, native.gradients.get(name) as Float32Array, expected, 1e-3, name);
    }
    t.is(native.leaked, 0);
  });
}

test('ResNet-18 says of a whole frame what it says on wasm', async (t) => {
  const network = foldResNet18(RESNET18, neutralMoments(RESNET18));
  const embeddings: Float32Array[] = [];
  for (const name of ['wasm', 'tensorflow'] as const) {
    const encoder = await imageEncoder(await startBackend(name), network, NORMALISATION);
    embeddings.push(await encoder.embed(surface(SIZE, 50)));
    encoder.dispose();
  }
  t.is(embeddings[0].length, 16);
  near(t, embeddings[1], embeddings[0], 1e-4);
});

test('a model is trained with it, says so, and scores alike on wasm', async (t) => {
  const trained = await run(
    ...['train', 'ribs', '--model', 'model', '--steps', '3', '--backend', 'tensorflow', '--json'],
  );
  t.is(trained.code, 0, trained.stderr);
  const threads = availableParallelism() === 1 ? '1 thread' : `${availableParallelism()} threads`;
  t.is(JSON.parse(trained.stdout).training.backend, `tensorflow (2.21.0, CPU, ${threads}, oneDNN)`);
  const scores = [];
  for (const backend of ['tensorflow', 'wasm']) {
    const scored = await run(
      ...[
        'score',
        join('ribs', 'test', 'spot'),
        '--model',
        'model',
        '--backend',
        backend,
        '--json',
      ],
    );
    t.is(scored.code, 0, scored.stderr);
    const { images } = JSON.parse(scored.stdout) as { images: { score: number }[] };
    scores.push(images.map(({ score }) => score));
  }
  near(t, scores[0], scores[1], 1e-4);
});

test('the engine runs it in one thread or two and judges as it does with wasm', async (t) => {
  const size = { width: 96, height: 64 };
  await startBackend('wasm');
  const models = ModelSet.single(await testModel(size));
  const bytes = await png(ribs(size, 7));
  const judged: Judgement[] = [];
  for (const [backend, encoderThreads] of [
    ['wasm', 1],
    ['tensorflow', undefined],
    ['tensorflow', 2],
  ] as const) {
    const engine = new Engine({ models, backend, ...(encoderThreads && { encoderThreads }) });
    await engine.start();
    t.is(engine.threads.encode, encoderThreads ?? 1);
    const frames = Array.from({ length: 8 }, (_, i) => frameOf(`${i}`, bytes));
    judged.push(
      ...((await Promise.all(frames.map((frame) => engine.judge(frame)))) as Judgement[]),
    );
    await engine.stop();
  }
  const [expected, ...others] = judged;
  t.true(expected.grid !== undefined && expected.grid.scores.length > 0);
  for (const { verdict, grid } of others) {
    t.is(verdict, expected.verdict);
    near(t, grid?.scores ?? [], expected.grid?.scores ?? [], 1e-4);
  }
});

graphTests(test);
