/** Stage one: trains the network by the proxy task, or takes it as it is born. */
import { setImmediate as breathe } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { type Batch, classesOf, denseBatch, literalBatch } from '../cutpaste/batch.js';
import { foldInput, foldNetwork } from '../cutpaste/fold.js';
import { type FoldedNetwork, initialNetwork, type TrainableNetwork } from '../cutpaste/network.js';
import { DEFAULT_OPTIMISER } from '../cutpaste/optimiser.js';
import { assertShape } from '../cutpaste/parameters.js';
import { type StepResult, Trainer } from '../cutpaste/trainer.js';
import { trainingEncoder } from '../cutpaste/training-network.js';
import { cutPatches } from '../frame/patches.js';
import type { Pixels } from '../frame/pixels.js';
import type { Normalisation } from '../model/manifest.js';
import type { Tensor } from '../model/safetensors.js';
import { Random } from '../random.js';
import { type HeldOut, lookAt, verdictOn } from './held-out.js';
import type { GoodImage } from './images.js';
import { CELL_CROPS, type LearnOptions, type OnProgress, PAPER_CROPS } from './options.js';

/** Where a run keeps what it needs to go on after an interruption. */
export interface Checkpoints {
  load(): Promise<Record<string, Tensor> | undefined>;
  save(tensors: Record<string, Tensor>): Promise<void>;
}

/** Steps between two checkpoints: about half a minute. */
const CHECKPOINT_STEPS = 50;
/** Steps between two looks at held-out images: a look costs two thirds of a step. */
const LOOK_STEPS = 25;

export interface TrainedNetwork {
  readonly network: TrainableNetwork;
  /** Over the last steps; absent when nothing was trained. */
  readonly loss?: number;
  readonly accuracy?: number;
  /** Whether it is worth more than an untrained one; absent when nothing was trained. */
  readonly heldOut?: HeldOut;
}

export interface TrainOptions {
  readonly learn: LearnOptions;
  /** Good images that tell whether anything is learned; the network never sees them. */
  readonly heldOut: readonly GoodImage[];
  readonly normalisation: Normalisation;
  readonly onProgress: OnProgress;
  readonly checkpoints?: Checkpoints;
  readonly signal?: AbortSignal;
}

/** Trains on the images. Lets the event loop breathe between steps, so that an abort is seen. */
export async function trainNetwork(
  images: readonly GoodImage[],
  options: TrainOptions,
): Promise<TrainedNetwork> {
  const { learn, normalisation, onProgress, checkpoints, signal } = options;
  const { layers, steps, seed, variant } = learn;
  if (steps === 0) return { network: initialNetwork(layers, seed) };
  const optimiser = { ...DEFAULT_OPTIMISER, steps };
  const trainer = new Trainer(
    trainingEncoder(layers, seed),
    classesOf(variant),
    normalisation,
    optimiser,
    seed,
  );
  const smooth = new Smoothed();
  const saved = await checkpoints?.load();
  if (saved !== undefined) {
    smooth.restore(saved);
    trainer.restore(saved);
  }
  const save = async () => checkpoints?.save({ ...trainer.checkpoint(), ...smooth.checkpoint() });
  const pixels = images.map((image) => image.pixels);
  const others = options.heldOut.map((image) => image.pixels);
  const heldOutBatch = (i: number) => batchOf(others, learn, steps + i); // no step's draws
  let look: StepResult | undefined;
  while (trainer.step < steps) {
    await breathe();
    if (signal?.aborted) {
      if (trainer.step > 0) await save(); // a stopped run loses no step
      signal.throwIfAborted();
    }
    smooth.add(trainer.train(batchOf(pixels, learn, trainer.step)));
    if (trainer.step % LOOK_STEPS === 0) look = lookAt(trainer, heldOutBatch);
    const held = look && { heldOut: look };
    onProgress({ phase: 'train', done: trainer.step, total: steps, ...smooth.value, ...held });
    if (trainer.step % CHECKPOINT_STEPS === 0 || trainer.step === steps) await save();
  }
  const heldOut = verdictOn(trainer, heldOutBatch);
  return { network: trainer.network(), ...smooth.value, heldOut };
}

function batchOf(images: readonly Pixels[], learn: LearnOptions, step: number): Batch {
  const { variant, seed } = learn;
  if (learn.labels === 'cell') {
    return denseBatch({ images, count: CELL_CROPS, variant, seed, step });
  }
  const count = classesOf(variant) === 3 ? PAPER_CROPS.three : PAPER_CROPS.two;
  return literalBatch({ images, count, variant, seed, step });
}

/**
 * Exponential mean of loss and accuracy over about 20 steps, without the bias of the start. Kept in
 * float32 as the checkpoint stores it: a resumed run must report the same.
 */
export class Smoothed {
  static readonly #keep = 0.95;
  readonly #sums = new Float32Array(3); // loss, accuracy, weight

  add({ loss, accuracy }: StepResult): void {
    [loss, accuracy, 1].forEach((value, i) => {
      this.#sums[i] = Smoothed.#keep * this.#sums[i] + (1 - Smoothed.#keep) * value;
    });
  }

  get value(): StepResult {
    const [loss, accuracy, weight] = this.#sums;
    return { loss: loss / weight, accuracy: accuracy / weight };
  }

  checkpoint(): Record<string, Tensor> {
    return { progress: { shape: [3], data: this.#sums.slice() } };
  }

  /** @throws PL_STATE if the checkpoint is of something else */
  restore(checkpoint: Readonly<Record<string, Tensor>>): void {
    assertShape(checkpoint, 'progress', [3]);
    this.#sums.set(checkpoint.progress.data);
  }
}

/** Windows of good images over which the folded normalisation is estimated, and their largest side. */
const FOLD_WINDOWS = 32;
const FOLD_SIDE = 256;
const FOLD_BATCH = 8;

/** The network as inference runs it: normalisation and input scaling folded into the filters. */
export function foldOnImages(
  network: TrainableNetwork,
  images: readonly GoodImage[],
  normalisation: Normalisation,
  seed: number,
): FoldedNetwork {
  const windows = foldWindows(images, Random.for(seed, 'fold'));
  const batches: tf.Tensor4D[] = [];
  for (let from = 0; from < windows.length; from += FOLD_BATCH) {
    batches.push(batchTensor(windows.slice(from, from + FOLD_BATCH), normalisation));
  }
  return foldInput(foldNetwork(network, batches), normalisation);
}

/** Whole images where they are small; so memory does not grow with the frame. All of one size. */
function foldWindows(images: readonly GoodImage[], random: Random): Pixels[] {
  const { width, height } = images[0].pixels;
  const size = { width: Math.min(FOLD_SIDE, width), height: Math.min(FOLD_SIDE, height) };
  const perImage = Math.ceil(width / size.width) * Math.ceil(height / size.height);
  const order = random.shuffled(images);
  const count = Math.min(FOLD_WINDOWS, order.length * perImage);
  return Array.from({ length: count }, (_, i) => {
    const { pixels } = order[i % order.length];
    const x = random.integer(0, width - size.width);
    const y = random.integer(0, height - size.height);
    return { ...size, data: cutPatches(pixels, [{ x, y }], size) };
  });
}

export function batchTensor(
  windows: readonly Pixels[],
  { mean, deviation }: Normalisation,
): tf.Tensor4D {
  const { width, height } = windows[0];
  const size = width * height * 3;
  const values = new Float32Array(windows.length * size);
  windows.forEach(({ data }, n) => {
    for (let i = 0; i < size; i++) {
      values[n * size + i] = (data[i] / 255 - mean[i % 3]) / deviation[i % 3];
    }
  });
  return tf.tensor4d(values, [windows.length, height, width, 3]);
}
