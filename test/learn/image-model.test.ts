import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { runningTensorflow, startTensorflow } from '../../src/backend/tensorflow.js';
import { mapConvolutions } from '../../src/cutpaste/resnet18/architecture.js';
import { IMAGENET_NORMALISATION } from '../../src/cutpaste/resnet18/init.js';
import { foldResNet18, initialResNet18 } from '../../src/cutpaste/resnet18/weights.js';
import { loadJudge } from '../../src/detect/frame-judge.js';
import { judgeFrame } from '../../src/detect/judge.js';
import { LoadedDetector } from '../../src/detect/model.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { learnImageModel } from '../../src/learn/image-model.js';
import { type ImageLearnOptions, scarsFor, trainingSide } from '../../src/learn/image-options.js';
import type { GoodImage } from '../../src/learn/images.js';
import type { LearnedModel } from '../../src/learn/learned-model.js';
import type { Progress } from '../../src/learn/options.js';
import { splitImages } from '../../src/learn/split.js';
import { resnet18Tensors } from '../../src/model/image-tensors.js';
import { manifestSchema } from '../../src/model/manifest.js';
import { encodeSafetensors, type Tensor, type Tensors } from '../../src/model/safetensors.js';
import { Random } from '../../src/random.js';
import { withDefect } from '../helpers/images.js';

const SIZE = { width: 80, height: 76 };
const IMAGES = imagesOf(stripes);
const OPTIONS: ImageLearnOptions = { steps: 4, seed: 5, variant: 'cutpaste', batch: 4, alpha: 0.4 };

let learned: LearnedModel;
const told: Progress[] = [];
const saved: Record<string, Tensor>[] = [];

test.before(async () => {
  await startTensorflow('wasm');
  learned = await learnImageModel('stripes', IMAGES, OPTIONS, {
    onProgress: (progress) => told.push(progress),
    checkpoints: { load: async () => undefined, save: async (tensors) => void saved.push(tensors) },
  });
});

/** Stripes that a pasted piece breaks: learned within a few steps. */
function stripes(index: number): Pixels {
  const { width, height } = SIZE;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    data.fill(((i % width) + index) % 8 < 4 ? 60 : 160, 3 * i, 3 * i + 3);
  }
  return { ...SIZE, data };
}

/** Noise without any order: a piece of it that is pasted elsewhere cannot be seen. */
function noise(index: number): Pixels {
  const random = Random.for(4, 'noise', index);
  const length = SIZE.width * SIZE.height * 3;
  return { ...SIZE, data: Uint8Array.from({ length }, () => random.integer(0, 255)) };
}

function imagesOf(pixelsOf: (index: number) => Pixels): GoodImage[] {
  return Array.from({ length: 12 }, (_, n) => ({ name: `${n}.png`, pixels: pixelsOf(n) }));
}

type Given = NonNullable<ImageLearnOptions['init']>;

function givenWeights(): Given {
  const network = initialResNet18(9);
  let n = 0;
  const moments = mapConvolutions(network, ({ channels }) => ({
    mean: new Float32Array(channels).fill(0.01 * n++),
    variance: new Float32Array(channels).fill(1 + 0.1 * n),
  }));
  return { weights: { network, moments }, sha256: 'a'.repeat(64) };
}

function foldedTensors({ weights }: Given): Tensors {
  return resnet18Tensors(foldResNet18(weights.network, weights.moments));
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const digestOf = (file: Tensors) => sha256(encodeSafetensors(file));

function digestsOf({ manifest, tensors }: LearnedModel): Record<string, string> {
  const files = Object.entries(tensors).map(([name, file]) => [name, digestOf(file)]);
  return { ...Object.fromEntries(files), manifest: sha256(JSON.stringify(manifest)) };
}

test.serial('the same seed and images give the same bytes, and no tensor stays', async (t) => {
  const before = tf.memory().numTensors;
  const again = await learnImageModel('stripes', IMAGES, OPTIONS);
  t.is(tf.memory().numTensors, before);
  t.deepEqual(digestsOf(again), digestsOf(learned));
});

test('the manifest is valid and says what was done', (t) => {
  const { manifest, tensors } = learned;
  t.notThrows(() => manifestSchema.parse({ ...manifest, files: {} }));
  t.like(manifest, { name: 'stripes', input: SIZE });
  t.like(manifest.training, {
    steps: 4,
    seed: 5,
    batch: 4,
    variant: 'cutpaste',
    labels: 'frame',
    images: { fit: 6, standardise: 2, calibrate: 4 },
    backend: 'wasm',
  });
  t.true((manifest.training.loss ?? 0) > 0);
  const { detector, control } = manifest;
  const files = [detector, control].flatMap(({ network, densityFile }) => [
    network.file,
    densityFile,
  ]);
  t.deepEqual(Object.keys(tensors).sort(), files.sort());
  t.like(manifest.training.heldOut, { chance: 1 / 2, learned: true });
  t.notDeepEqual(tensors[detector.network.file], tensors[control.network.file]);
});

test.serial('stopped while the density was fitted: no step is repeated', async (t) => {
  t.deepEqual(
    saved.map(({ step }) => step.data[0]),
    [OPTIONS.steps],
  );
  const again = await learnImageModel('stripes', IMAGES, OPTIONS, {
    checkpoints: { load: async () => saved[0], save: async () => t.fail() },
    onProgress: ({ phase }) => t.not(phase, 'train'),
  });
  t.deepEqual(digestsOf(again), digestsOf(learned));
});

test.serial('where there is nothing to see, given weights stay as they were given', async (t) => {
  const init = givenWeights();
  const options = { ...OPTIONS, steps: 1, batch: 3, init };
  const { manifest, tensors } = await learnImageModel('noise', imagesOf(noise), options);
  t.false(manifest.training.heldOut?.learned);
  t.is(digestOf(tensors[manifest.detector.network.file]), digestOf(foldedTensors(init)));
});

test('progress tells of every step and image', (t) => {
  const last = new Map(told.map(({ phase, done, total }) => [phase, `${done}/${total}`]));
  t.deepEqual(Object.fromEntries(last), {
    train: '4/4',
    fit: '8/8',
    control: '8/8',
    calibrate: '4/4',
  });
});

test.serial('the threshold is that of the held-out images, by hand', async (t) => {
  const judge = await loadJudge(learned, runningTensorflow());
  const scores: number[] = [];
  for (const { pixels } of splitImages(IMAGES, OPTIONS.seed).calibrate) {
    scores.push((await judgeFrame(judge, 0, { pixels, size: SIZE })).score);
  }
  judge.dispose();
  t.is(learned.manifest.calibration.threshold, scores.sort((a, b) => a - b)[2]); // ⌈5 · 0.6⌉ = 3rd
});

test.serial('a verdict without a map: neither grid nor regions', async (t) => {
  const judge = await loadJudge(learned, runningTensorflow());
  const { threshold } = learned.manifest.calibration;
  const bad = withDefect(stripes(77), 30, 30);
  const frame = await judgeFrame(judge, threshold, { pixels: bad, size: SIZE });
  judge.dispose();
  t.like(frame, { verdict: 'anomalous', regions: [] });
  t.true(frame.score > threshold);
  t.false('grid' in frame || 'map' in frame);
});

test.serial('given weights with no steps: they stay as they are, with their moments', async (t) => {
  const init = givenWeights();
  const { manifest, tensors } = await learnImageModel('stripes', IMAGES, {
    ...OPTIONS,
    steps: 0,
    init,
  });
  t.is(manifest.training.init, init.sha256);
  t.false('loss' in manifest.training);
  t.deepEqual(manifest.normalisation, IMAGENET_NORMALISATION);
  t.is(digestOf(tensors[manifest.detector.network.file]), digestOf(foldedTensors(init)));
});

test.serial('an abort rejects with its reason and frees everything', async (t) => {
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  const reason = new Error('stop');
  const onProgress = ({ phase }: Progress) => {
    if (phase === 'control') controller.abort(reason);
  };
  const context = { onProgress, signal: controller.signal };
  const options = { ...OPTIONS, steps: 0 };
  await t.throwsAsync(learnImageModel('stripes', IMAGES, options, context), { is: reason });
  t.is(tf.memory().numTensors, before);
});

test.serial(
  'it is refused where a map is needed, and by a back end that has no ResNet',
  async (t) => {
    const { encoder } = runningTensorflow();
    await t.throwsAsync(LoadedDetector.load(learned, runningTensorflow()), { code: 'PL_CONFIG' });
    await t.throwsAsync(loadJudge(learned, { name: 'other', encoder }), {
      code: 'PL_BACKEND',
      message: "the back end 'other' does not run image-level detectors",
    });
  },
);

test('crops are seven eighths of the shorter side; scars shrink with the frame', (t) => {
  t.is(trainingSide({ width: 256, height: 256 }), 224);
  t.is(trainingSide({ width: 640, height: 100 }), 84); // 87.5, in steps of 4
  const paper = { width: [2, 16], length: [10, 25], rotation: 45 };
  t.deepEqual(scarsFor({ width: 256, height: 256 }), paper as never);
  const half = { width: [1, 8], length: [5, 13], rotation: 45 };
  t.deepEqual(scarsFor({ width: 400, height: 128 }), half as never);
});
