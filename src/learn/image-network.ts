/** Stage one of the image-level detector: ResNet-18 learns the proxy task on whole frames. */
import { type Batch, classesOf, literalBatch } from '../cutpaste/batch.js';
import { PAPER_OPTIMISER } from '../cutpaste/optimiser.js';
import type { InitialWeights } from '../cutpaste/resnet18/init.js';
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
import { batchTensors } from './batch-tensors.js';
import { type ImageLearnOptions, scarsFor, trainingSide } from './image-options.js';
import type { GoodImage } from './images.js';
import { learnProxyTask, type ProxyResult, type TrainingContext } from './proxy-task.js';

/** What came of the training is absent when nothing was trained. */
export interface TrainedImageNetwork extends Partial<ProxyResult> {
  readonly network: FoldedResNet18;
}

export interface ImageTrainOptions extends TrainingContext {
  readonly learn: ImageLearnOptions;
  /** Good images that tell whether anything is learned; the network never sees them. */
  readonly heldOut: readonly GoodImage[];
  readonly normalisation: Normalisation;
}

/** Trains on good images of one size, as `learnProxyTask` does. */
export async function trainImageNetwork(
  images: readonly GoodImage[],
  options: ImageTrainOptions,
): Promise<TrainedImageNetwork> {
  const { learn, heldOut, normalisation } = options;
  const { steps, seed, variant, init } = learn;
  if (steps === 0) return { network: untrainedImageNetwork(images, normalisation, seed, init) };
  const start = trainingResNet18(init?.weights.network ?? initialResNet18(seed));
  const optimiser = { ...PAPER_OPTIMISER, steps };
  const trainer = new Trainer(start, classesOf(variant), normalisation, optimiser, seed);
  const batchOf = (pixels: readonly Pixels[], draw: number) => batch(pixels, learn, draw);
  const result = await learnProxyTask(trainer, { steps, images, heldOut, batchOf }, options);
  return { network: foldOnFrames(trainer.network(), images, normalisation), ...result };
}

/** What training starts from: the weights that are given, or random ones. */
export function untrainedImageNetwork(
  images: readonly GoodImage[],
  normalisation: Normalisation,
  seed: number,
  init?: { readonly weights: InitialWeights },
): FoldedResNet18 {
  if (init === undefined) return foldOnFrames(initialResNet18(seed), images, normalisation);
  // Weights from elsewhere come with the moments that they were trained with.
  return foldResNet18(init.weights.network, init.weights.moments);
}

/** The paper's batch, with the frame as the crop. */
function batch(
  images: readonly Pixels[],
  { batch: count, variant, seed }: ImageLearnOptions,
  step: number,
): Batch {
  const side = trainingSide(images[0]);
  const scar = scarsFor(images[0]);
  return literalBatch({ images, count, variant, seed, step, side, scar });
}

/** Frames over which the moments of normalisation are taken. */
const MOMENT_FRAMES = 32;

function foldOnFrames(
  network: TrainableResNet18,
  images: readonly GoodImage[],
  normalisation: Normalisation,
): FoldedResNet18 {
  const frames = images.slice(0, MOMENT_FRAMES).map(({ pixels }) => pixels); // in random order
  return foldResNet18(network, momentsOnFrames(network, batchTensors(frames, normalisation)));
}
