/** Stage one of the image-level detector: ResNet-18 learns the proxy task on whole frames. */
import { setImmediate as breathe } from 'node:timers/promises';
import type * as tf from '@tensorflow/tfjs-core';
import { type Batch, classesOf, literalBatch } from '../cutpaste/batch.js';
import type { ChannelMoments } from '../cutpaste/network.js';
import { PAPER_OPTIMISER } from '../cutpaste/optimiser.js';
import type { ResNet18Of } from '../cutpaste/resnet18/architecture.js';
import { momentsOnFrames } from '../cutpaste/resnet18/moments.js';
import { trainingResNet18 } from '../cutpaste/resnet18/training.js';
import {
  type FoldedResNet18,
  foldResNet18,
  initialResNet18,
  type TrainableResNet18,
} from '../cutpaste/resnet18/weights.js';
import { Trainer } from '../cutpaste/trainer.js';
import type { Pixels } from '../frame/pixels.js';
import type { Normalisation } from '../model/manifest.js';
import { type ImageLearnOptions, scarsFor, trainingSide } from './image-options.js';
import type { GoodImage } from './images.js';
import { batchTensor, type Checkpoints, Smoothed } from './network.js';
import type { OnProgress } from './options.js';

/** Steps between two checkpoints: some minutes, and 90 MB each. */
const CHECKPOINT_STEPS = 50;

export interface ImageTraining {
  readonly normalisation: Normalisation;
  readonly onProgress: OnProgress;
  readonly checkpoints?: Checkpoints;
  readonly signal?: AbortSignal;
}

export interface TrainedImageNetwork {
  readonly network: FoldedResNet18;
  /** Over the last steps; absent when nothing was trained. */
  readonly loss?: number;
  readonly accuracy?: number;
}

/** Trains on good images of one size, or takes the weights as they are given. */
export async function trainImageNetwork(
  images: readonly GoodImage[],
  options: ImageLearnOptions,
  training: ImageTraining,
): Promise<TrainedImageNetwork> {
  const { steps, seed, init } = options;
  const start = init?.weights.network ?? initialResNet18(seed);
  if (steps > 0) {
    const { network, ...outcome } = await train(start, images, options, training);
    return { network: foldOnFrames(network, images, training.normalisation), ...outcome };
  }
  // Weights from elsewhere come with the moments that they were trained with.
  if (init !== undefined) return { network: foldResNet18(start, init.weights.moments) };
  return { network: foldOnFrames(start, images, training.normalisation) };
}

async function train(
  start: TrainableResNet18,
  images: readonly GoodImage[],
  { steps, seed, variant, batch }: ImageLearnOptions,
  { normalisation, onProgress, checkpoints, signal }: ImageTraining,
) {
  const optimiser = { ...PAPER_OPTIMISER, steps };
  const network = trainingResNet18(start);
  const trainer = new Trainer(network, classesOf(variant), normalisation, optimiser, seed);
  const smooth = new Smoothed();
  const saved = await checkpoints?.load();
  if (saved !== undefined) {
    smooth.restore(saved);
    trainer.restore(saved);
  }
  const save = async () => checkpoints?.save({ ...trainer.checkpoint(), ...smooth.checkpoint() });
  const batchOf = batches(images, { variant, count: batch, seed });
  while (trainer.step < steps) {
    await breathe();
    if (signal?.aborted) {
      if (trainer.step > 0) await save(); // a stopped run loses no step
      signal.throwIfAborted();
    }
    smooth.add(trainer.train(batchOf(trainer.step)));
    onProgress({ phase: 'train', done: trainer.step, total: steps, ...smooth.value });
    if (trainer.step % CHECKPOINT_STEPS === 0 && trainer.step < steps) await save();
  }
  return { network: trainer.network(), ...smooth.value };
}

/** The paper's batches, with the frame as the crop. */
function batches(
  good: readonly GoodImage[],
  { variant, count, seed }: Pick<ImageLearnOptions, 'variant' | 'seed'> & { count: number },
): (step: number) => Batch {
  const images = good.map(({ pixels }) => pixels);
  const side = trainingSide(images[0]);
  const scar = scarsFor(images[0]);
  return (step) => literalBatch({ images, count, variant, seed, step, side, scar });
}

/** Frames over which the moments of normalisation are taken, and how many at once. */
const MOMENT_FRAMES = 32;
const MOMENT_BATCH = 8;

function foldOnFrames(
  network: TrainableResNet18,
  images: readonly GoodImage[],
  normalisation: Normalisation,
): FoldedResNet18 {
  const frames = images.slice(0, MOMENT_FRAMES).map(({ pixels }) => pixels); // in random order
  const batches: tf.Tensor4D[] = [];
  for (let from = 0; from < frames.length; from += MOMENT_BATCH) {
    const part: Pixels[] = frames.slice(from, from + MOMENT_BATCH);
    batches.push(batchTensor(part, normalisation));
  }
  const moments: ResNet18Of<ChannelMoments> = momentsOnFrames(network, batches);
  return foldResNet18(network, moments);
}
