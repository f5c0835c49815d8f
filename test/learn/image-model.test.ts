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
import { learnImageModel } from '../../src/learn/image-model.js';
import { type ImageLearnOptions, scarsFor, trainingSide } from '../../src/learn/image-options.js';
import type { LearnedModel } from '../../src/learn/model.js';
import type { Progress } from '../../src/learn/options.js';
import { splitImages } from '../../src/learn/split.js';
import { resnet18Tensors } from '../../src/model/image-tensors.js';
import { manifestSchema } from '../../src/model/manifest.js';
import { encodeSafetensors } from '../../src/model/safetensors.js';
import { surface, withDefect } from '../helpers/images.js';

const SIZE = { width: 80, height: 76 };
const IMAGES = Array.from({ length: 12 }, (_, n) => ({
  name: `${n}.png`,
  pixels: surface(SIZE, n),
}));
const OPTIONS: ImageLearnOptions = { steps: 2, seed: 5, variant: '3-way', batch: 6, alpha: 0.4 };

let learned: LearnedModel;
const told: Progress[] = [];

test.before(async () => {
  await startTensorflow('wasm');
  learned = await learnImageModel('weave', IMAGES, OPTIONS, {
    onProgress: (progress) => told.push(progress),
  });
});

function digestsOf({ manifest, tensors }: LearnedModel): Record<string, string> {
  const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
  const files = Object.entries(tensors).map(([name, file]) => [
    name,
    sha256(encodeSafetensors(file)),
  ]);
  return { ...Object.fromEntries(files), manifest: sha256(JSON.stringify(manifest)) };
}

test.serial('the same seed and images give the same bytes, and no tensor stays', async (t) => {
  const before = tf.memory().numTensors;
  const again = await learnImageModel('weave', IMAGES, OPTIONS);
  t.is(tf.memory().numTensors, before);
  t.deepEqual(digestsOf(again), digestsOf(learned));
});

test('the manifest is valid and says what was done', (t) => {
  const { manifest, tensors } = learned;
  t.notThrows(() => manifestSchema.parse({ ...manifest, files: {} }));
  t.like(manifest, { name: 'weave', input: SIZE });
  t.like(manifest.training, {
    steps: 2,
    seed: 5,
    batch: 6,
    variant: '3-way',
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
  t.notDeepEqual(tensors[detector.network.file], tensors[control.network.file]);
});

test('progress tells of every step and image', (t) => {
  const last = new Map(told.map(({ phase, done, total }) => [phase, `${done}/${total}`]));
  t.deepEqual(Object.fromEntries(last), {
    train: '2/2',
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
  const bad = withDefect(surface(SIZE, 77), 30, 30);
  const frame = await judgeFrame(judge, threshold, { pixels: bad, size: SIZE });
  judge.dispose();
  t.like(frame, { verdict: 'anomalous', regions: [] });
  t.true(frame.score > threshold);
  t.false('grid' in frame || 'map' in frame);
});

test.serial('given weights with no steps: they stay as they are, with their moments', async (t) => {
  const network = initialResNet18(9);
  let n = 0;
  const moments = mapConvolutions(network, ({ channels }) => ({
    mean: new Float32Array(channels).fill(0.01 * n++),
    variance: new Float32Array(channels).fill(1 + 0.1 * n),
  }));
  const init = { weights: { network, moments }, sha256: 'a'.repeat(64) };
  const { manifest, tensors } = await learnImageModel('weave', IMAGES, {
    ...OPTIONS,
    steps: 0,
    init,
  });
  t.is(manifest.training.init, init.sha256);
  t.false('loss' in manifest.training);
  t.deepEqual(manifest.normalisation, IMAGENET_NORMALISATION);
  const expected = resnet18Tensors(foldResNet18(network, moments));
  t.deepEqual(tensors[manifest.detector.network.file], expected);
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
  await t.throwsAsync(learnImageModel('weave', IMAGES, options, context), { is: reason });
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
