import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { runningTensorflow, startTensorflow } from '../../src/backend/tensorflow.js';
import { patchLevel } from '../../src/detect/image-detector.js';
import { LoadedDetector } from '../../src/detect/model.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import type { LearnedModel } from '../../src/learn/learned-model.js';
import { learnModel } from '../../src/learn/model.js';
import {
  DEFAULT_LEARNING,
  DEFAULT_READOUT,
  type LearnOptions,
  type Progress,
} from '../../src/learn/options.js';
import { splitImages } from '../../src/learn/split.js';
import { frameScore } from '../../src/localize/frame-score.js';
import { manifestSchema } from '../../src/model/manifest.js';
import { encodeSafetensors, type Tensor } from '../../src/model/safetensors.js';
import { SMALL_LAYERS, surface, surfaces } from '../helpers/models.js';

const SIZE = { width: 72, height: 64 };
const IMAGES = surfaces(SIZE, 10);
const OPTIONS: LearnOptions = {
  ...DEFAULT_LEARNING,
  layers: SMALL_LAYERS,
  steps: 3,
  readout: { ...DEFAULT_READOUT, centres: 8 },
};

test.before(() => startTensorflow('wasm'));

function bytesOf({ manifest, tensors }: LearnedModel): Record<string, Uint8Array | string> {
  const files = Object.entries(tensors).map(([name, file]) => [name, encodeSafetensors(file)]);
  return { ...Object.fromEntries(files), manifest: JSON.stringify(manifest) };
}

function whole(model: LearnedModel): LearnedModel['manifest'] & { files: object } {
  return { ...model.manifest, files: {} };
}

test.serial(
  'the same seed and images give the same bytes; another seed gives others',
  async (t) => {
    const before = tf.memory().numTensors;
    const first = bytesOf(await learnModel('weave', IMAGES, OPTIONS));
    t.is(tf.memory().numTensors, before);
    t.deepEqual(bytesOf(await learnModel('weave', IMAGES, OPTIONS)), first);
    const other = bytesOf(await learnModel('weave', IMAGES, { ...OPTIONS, seed: 2 }));
    for (const name of Object.keys(first)) t.notDeepEqual(other[name], first[name], name);
  },
);

test.serial('the manifest is valid and says what was done', async (t) => {
  const model = await learnModel('weave', IMAGES, OPTIONS);
  t.notThrows(() => manifestSchema.parse(whole(model)));
  const { manifest, tensors } = model;
  t.like(manifest, { name: 'weave', input: SIZE });
  t.like(manifest.training, {
    steps: 3,
    seed: 1,
    variant: '3-way',
    labels: 'cell',
    images: { fit: 5, standardise: 2, calibrate: 3 },
    backend: 'wasm',
  });
  t.true((manifest.training.loss ?? 0) > 0);
  t.is(manifest.training.heldOut?.chance, 1 / 3);
  const { detector, control } = manifest;
  const files = [detector, control].flatMap(({ network, densityFile }) => [
    network.file,
    densityFile,
  ]);
  t.deepEqual(Object.keys(tensors).sort(), files.sort());
  // Three steps teach nothing: then the untrained features are used.
  t.false(manifest.training.heldOut?.learned);
  t.deepEqual(tensors[detector.network.file], tensors[control.network.file]);
});

test.serial('without steps there is no loss, and the network is the control', async (t) => {
  const { manifest, tensors } = await learnModel('weave', IMAGES, { ...OPTIONS, steps: 0 });
  t.false('loss' in manifest.training);
  const { detector, control } = manifest;
  t.deepEqual(tensors[detector.network.file], tensors[control.network.file]);
});

test.serial('the threshold is that of the held-out images, by hand', async (t) => {
  const model = await learnModel('weave', IMAGES, { ...OPTIONS, alpha: 0.5 });
  const detector = await LoadedDetector.load(model, runningTensorflow());
  const held = splitImages(IMAGES, OPTIONS.seed).calibrate;
  const scores: number[] = [];
  for (const { pixels } of held) {
    const { map } = await detector.localize(prepareFrame(pixels, Number.POSITIVE_INFINITY, true));
    scores.push(frameScore(map, OPTIONS.readout.topShare));
  }
  detector.dispose();
  t.is(held.length, 3);
  t.is(model.manifest.calibration.threshold, scores.sort((a, b) => a - b)[1]); // ⌈4 · 0.5⌉ = 2nd
});

test.serial('an anomalous frame scores above the threshold', async (t) => {
  const model = await learnModel('weave', IMAGES, OPTIONS);
  const detector = await LoadedDetector.load(model, runningTensorflow());
  const pixels = surface(SIZE, 77);
  for (let y = 20; y < 36; y++) pixels.data.fill(250, (y * 72 + 30) * 3, (y * 72 + 44) * 3);
  const { map } = await detector.localize(prepareFrame(pixels, Number.POSITIVE_INFINITY, true));
  detector.dispose();
  t.true(frameScore(map, 0.003) > model.manifest.calibration.threshold);
  const top = map.indexOf(Math.max(...map));
  t.true(Math.abs((top % 72) - 37) < 12 && Math.abs(Math.floor(top / 72) - 28) < 12);
});

for (const phase of ['train', 'fit', 'control', 'calibrate'] as const) {
  test.serial(
    `an abort in phase ${phase} rejects with its reason and frees everything`,
    async (t) => {
      const before = tf.memory().numTensors;
      const controller = new AbortController();
      const reason = new Error('stop');
      const onProgress = (progress: Progress): void => {
        if (progress.phase === phase) controller.abort(reason);
      };
      const { signal } = controller;
      await t.throwsAsync(learnModel('weave', IMAGES, OPTIONS, { onProgress, signal }), {
        is: reason,
      });
      t.is(tf.memory().numTensors, before);
    },
  );
}

test.serial('progress counts each phase to its end', async (t) => {
  const last = new Map<string, Progress>();
  const onProgress = (progress: Progress): void => {
    t.is(progress.done, (last.get(progress.phase)?.done ?? 0) + 1);
    last.set(progress.phase, progress);
  };
  for (const density of ['nearest', 'location'] as const) {
    last.clear();
    const readout = { ...OPTIONS.readout, density };
    await learnModel('weave', IMAGES, { ...OPTIONS, readout }, { onProgress });
    t.deepEqual([...last.keys()], ['train', 'fit', 'control', 'calibrate']);
    for (const { done, total } of last.values()) t.is(done, total);
  }
});

test.serial('a run that was stopped and resumed gives the same bytes', async (t) => {
  const options = { ...OPTIONS, steps: 52 };
  const uninterrupted = bytesOf(await learnModel('weave', IMAGES, options));
  let saved: Record<string, Tensor> | undefined;
  const checkpoints = {
    load: async () => saved,
    save: async (tensors: Record<string, Tensor>) => {
      saved = structuredClone(tensors);
    },
  };
  const controller = new AbortController();
  const reason = new Error('stop');
  const onProgress = ({ done }: Progress): void => {
    if (done === 51) controller.abort(reason);
  };
  const { signal } = controller;
  const stopped = learnModel('weave', IMAGES, options, { checkpoints, onProgress, signal });
  await t.throwsAsync(stopped, { is: reason });
  t.is(saved?.step.data[0], 51); // no step is lost
  const steps: number[] = [];
  const resumed = await learnModel('weave', IMAGES, options, {
    checkpoints,
    onProgress: ({ phase, done }) => {
      if (phase === 'train') steps.push(done);
    },
  });
  t.deepEqual(steps, [52]);
  t.deepEqual(bytesOf(resumed), uninterrupted);
});

test.serial('a training that has ended is not done again', async (t) => {
  const saved: Record<string, Tensor>[] = [];
  const save = async (tensors: Record<string, Tensor>) => {
    saved.push(structuredClone(tensors));
  };
  const first = bytesOf(
    await learnModel('weave', IMAGES, OPTIONS, {
      checkpoints: { load: async () => undefined, save },
    }),
  );
  t.deepEqual(
    saved.map(({ step }) => step.data[0]),
    [OPTIONS.steps],
  );
  const again = await learnModel('weave', IMAGES, OPTIONS, {
    checkpoints: { load: async () => saved[0], save: async () => t.fail() },
    onProgress: ({ phase }) => t.not(phase, 'train'),
  });
  t.deepEqual(bytesOf(again), first);
});

test.serial('a checkpoint of another run is refused', async (t) => {
  const checkpoints = {
    load: async () => ({ step: { shape: [1], data: Float32Array.of(3) } }),
    save: async () => {},
  };
  await t.throwsAsync(learnModel('weave', IMAGES, OPTIONS, { checkpoints }), {
    code: 'PL_STATE',
    message: /'progress' is missing/,
  });
});

test.serial('images that cannot be learned from are refused', async (t) => {
  const blank = IMAGES.map(({ name, pixels }) => ({
    name,
    pixels: { ...pixels, data: new Uint8Array(pixels.data.length).fill(80) },
  }));
  await t.throwsAsync(learnModel('blank', blank, OPTIONS), { code: 'PL_IMAGE_BLANK' });
  for (const n of [0, 1]) {
    const few = learnModel('few', IMAGES.slice(0, n), OPTIONS);
    await t.throwsAsync(few, { code: 'PL_DATASET', message: new RegExp(`^${n} good`) });
  }
});

for (const density of ['gaussian', 'kernel', 'location'] as const) {
  test.serial(`from images to a verdict with a ${density} density`, async (t) => {
    const readout = { ...OPTIONS.readout, density, views: ['rf16', 'rf64', 'stat8'] };
    const model = await learnModel('weave', IMAGES, { ...OPTIONS, readout });
    t.notThrows(() => manifestSchema.parse(whole(model)));
    t.true(patchLevel(model.manifest.detector).views.every((view) => view.density === density));
    const detector = await LoadedDetector.load(model, runningTensorflow());
    const pixels = surface(SIZE, 77);
    for (let y = 24; y < 40; y++) pixels.data.fill(250, (y * 72 + 28) * 3, (y * 72 + 44) * 3);
    const { map } = await detector.localize(prepareFrame(pixels, Number.POSITIVE_INFINITY, true));
    detector.dispose();
    t.true(frameScore(map, 0.003) > model.manifest.calibration.threshold);
  });
}
