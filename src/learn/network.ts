/** Stage one: trains the network by the proxy task, or takes it as it is born. */
import { setImmediate as breathe } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { type Batch, classesOf, denseBatch, literalBatch } from '../cutpaste/batch.js';
import { foldInput, foldNetwork } from '../cutpaste/fold.js';
import { type FoldedNetwork, initialNetwork, type TrainableNetwork } from '../cutpaste/network.js';
import { DEFAULT_OPTIMISER, Trainer } from '../cutpaste/trainer.js';
import type { Pixels } from '../frame/pixels.js';
import type { Normalisation } from '../model/manifest.js';
import type { Tensor } from '../model/safetensors.js';
import { Random } from '../random.js';
import type { GoodImage } from './images.js';
import { CELL_CROPS, type LearnOptions, type OnProgress, PAPER_CROPS } from './options.js';

/** Where a run keeps what it needs to go on after an interruption. */
export interface Checkpoints {
  load(): Promise<Record<string, Tensor> | undefined>;
  save(tensors: Record<string, Tensor>): Promise<void>;
}

/** Steps between two checkpoints: about half a minute. */
const CHECKPOINT_STEPS = 50;

export interface TrainedNetwork {
  readonly network: TrainableNetwork;
  /** Over the last steps; absent when nothing was trained. */
  readonly loss?: number;
  readonly accuracy?: number;
}

export interface TrainOptions {
  readonly learn: LearnOptions;
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
  const trainer = new Trainer(layers, classesOf(variant), normalisation, optimiser, seed);
  const smooth = new Smoothed();
  try {
    const saved = await checkpoints?.load();
    if (saved !== undefined) {
      trainer.restore(saved);
      smooth.restore(saved.progress);
    }
    const pixels = images.map((image) => image.pixels);
    while (trainer.step < steps) {
      await breathe();
      signal?.throwIfAborted();
      smooth.add(trainer.train(batchOf(pixels, learn, trainer.step)));
      onProgress({ phase: 'train', done: trainer.step, total: steps, ...smooth.value });
      if (trainer.step % CHECKPOINT_STEPS === 0 && trainer.step < steps) {
        await checkpoints?.save({ ...trainer.checkpoint(), progress: smooth.state });
      }
    }
    return { network: trainer.network(), ...smooth.value };
  } finally {
    trainer.dispose();
  }
}

function batchOf(images: readonly Pixels[], learn: LearnOptions, step: number): Batch {
  const { variant, seed } = learn;
  if (learn.labels === 'cell') {
    return denseBatch({ images, count: CELL_CROPS, variant, seed, step });
  }
  const count = classesOf(variant) === 3 ? PAPER_CROPS.three : PAPER_CROPS.two;
  return literalBatch({ images, count, variant, seed, step });
}

/** Exponential mean of loss and accuracy over about 20 steps, without the bias of the start. */
class Smoothed {
  static readonly #keep = 0.95;
  #loss = 0;
  #accuracy = 0;
  #weight = 0;

  add({ loss, accuracy }: { readonly loss: number; readonly accuracy: number }): void {
    const keep = Smoothed.#keep;
    this.#loss = keep * this.#loss + (1 - keep) * loss;
    this.#accuracy = keep * this.#accuracy + (1 - keep) * accuracy;
    this.#weight = keep * this.#weight + (1 - keep);
  }

  get value(): { loss: number; accuracy: number } {
    return { loss: this.#loss / this.#weight, accuracy: this.#accuracy / this.#weight };
  }

  get state(): Tensor {
    return { shape: [3], data: Float32Array.of(this.#loss, this.#accuracy, this.#weight) };
  }

  restore({ data }: Tensor): void {
    [this.#loss, this.#accuracy, this.#weight] = data;
  }
}

/** Pixels over which the folded normalisation is estimated: 32 frames of 256×256. */
const FOLD_PIXELS = 32 * 256 * 256;
const FOLD_BATCH_PIXELS = 8 * 256 * 256;

/** The network as inference runs it: normalisation and input scaling folded into the filters. */
export function foldOnImages(
  network: TrainableNetwork,
  images: readonly GoodImage[],
  normalisation: Normalisation,
  seed: number,
): FoldedNetwork {
  const { width, height } = images[0].pixels;
  const count = Math.max(1, Math.min(images.length, Math.floor(FOLD_PIXELS / (width * height))));
  const perBatch = Math.max(1, Math.floor(FOLD_BATCH_PIXELS / (width * height)));
  const chosen = Random.for(seed, 'fold').shuffled(images).slice(0, count);
  const batches: tf.Tensor4D[] = [];
  for (let from = 0; from < chosen.length; from += perBatch) {
    batches.push(batchTensor(chosen.slice(from, from + perBatch), normalisation));
  }
  return foldInput(foldNetwork(network, batches), normalisation);
}

function batchTensor(
  images: readonly GoodImage[],
  { mean, deviation }: Normalisation,
): tf.Tensor4D {
  const { width, height } = images[0].pixels;
  const size = width * height * 3;
  const values = new Float32Array(images.length * size);
  images.forEach(({ pixels }, n) => {
    for (let i = 0; i < size; i++) {
      values[n * size + i] = (pixels.data[i] / 255 - mean[i % 3]) / deviation[i % 3];
    }
  });
  return tf.tensor4d(values, [images.length, height, width, 3]);
}
