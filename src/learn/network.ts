/** Stage one: trains the network by the proxy task, or takes it as it is born. */
import { type Batch, classesOf, denseBatch, literalBatch } from '../cutpaste/batch.js';
import { foldInput, foldNetwork } from '../cutpaste/fold.js';
import { type FoldedNetwork, initialNetwork, type TrainableNetwork } from '../cutpaste/network.js';
import { DEFAULT_OPTIMISER } from '../cutpaste/optimiser.js';
import { Trainer } from '../cutpaste/trainer.js';
import { trainingEncoder } from '../cutpaste/training-network.js';
import { cutPatches } from '../frame/patches.js';
import type { Pixels } from '../frame/pixels.js';
import type { Normalisation } from '../model/manifest.js';
import { Random } from '../random.js';
import { batchTensors } from './batch-tensors.js';
import type { GoodImage } from './images.js';
import { CELL_CROPS, type LearnOptions, PAPER_CROPS } from './options.js';
import { learnProxyTask, type ProxyResult, type TrainingContext } from './proxy-task.js';

/** What came of the training is absent when nothing was trained. */
export interface TrainedNetwork extends Partial<ProxyResult> {
  readonly network: TrainableNetwork;
}

export interface TrainOptions extends TrainingContext {
  readonly learn: LearnOptions;
  /** Good images that tell whether anything is learned; the network never sees them. */
  readonly heldOut: readonly GoodImage[];
  readonly normalisation: Normalisation;
}

/** Trains on the images, as `learnProxyTask` does. */
export async function trainNetwork(
  images: readonly GoodImage[],
  options: TrainOptions,
): Promise<TrainedNetwork> {
  const { learn, heldOut, normalisation } = options;
  const { layers, steps, seed, variant } = learn;
  if (steps === 0) return { network: initialNetwork(layers, seed) };
  const optimiser = { ...DEFAULT_OPTIMISER, steps };
  const encoder = trainingEncoder(layers, seed);
  const trainer = new Trainer(encoder, classesOf(variant), normalisation, optimiser, seed);
  const batchOf = (pixels: readonly Pixels[], draw: number) => batch(pixels, learn, draw);
  const result = await learnProxyTask(trainer, { steps, images, heldOut, batchOf }, options);
  return { network: trainer.network(), ...result };
}

function batch(images: readonly Pixels[], learn: LearnOptions, step: number): Batch {
  const { variant, seed } = learn;
  if (learn.labels === 'cell') {
    return denseBatch({ images, count: CELL_CROPS, variant, seed, step });
  }
  const count = classesOf(variant) === 3 ? PAPER_CROPS.three : PAPER_CROPS.two;
  return literalBatch({ images, count, variant, seed, step });
}

/** Windows of good images over which the folded normalisation is estimated, and their largest side. */
const FOLD_WINDOWS = 32;
const FOLD_SIDE = 256;

/** The network as inference runs it: normalisation and input scaling folded into the filters. */
export function foldOnImages(
  network: TrainableNetwork,
  images: readonly GoodImage[],
  normalisation: Normalisation,
  seed: number,
): FoldedNetwork {
  const windows = foldWindows(images, Random.for(seed, 'fold'));
  return foldInput(foldNetwork(network, batchTensors(windows, normalisation)), normalisation);
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
