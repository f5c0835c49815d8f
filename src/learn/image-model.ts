/**
 * The paper's image-level detector from good images (CutPaste §2–4): train ResNet-18 on whole frames,
 * fit one Gaussian to what it says of them, fit the untrained control, calibrate the threshold.
 */
import { runningTensorflow } from '../backend/tensorflow.js';
import { IMAGENET_NORMALISATION } from '../cutpaste/resnet18/init.js';
import type { FoldedResNet18 } from '../cutpaste/resnet18/weights.js';
import { type Density, score } from '../density/density.js';
import { fitGaussian } from '../density/fit.js';
import { type Standard, standardisation } from '../density/standard.js';
import { imageEncoder } from '../detect/image-detector.js';
import { imageDensityTensors, resnet18Tensors } from '../model/image-tensors.js';
import type { ImageDetectorSpec, Manifest } from '../model/manifest.js';
import { trainImageNetwork, untrainedImageNetwork } from './image-network.js';
import type { ImageLearnOptions } from './image-options.js';
import { assertNotBlank, type GoodImage, normalisationOf } from './images.js';
import {
  CONTROL_FILES,
  calibrated,
  DETECTOR_FILES,
  type DetectorFiles,
  type LearnedModel,
} from './learned-model.js';
import type { TrainingContext } from './proxy-task.js';
import { encodeWhole } from './sample.js';
import { type Split, splitImages } from './split.js';

/**
 * Learns from good images of one size, as `learnModel` does.
 *
 * @throws what `learnModel` throws
 */
export async function learnImageModel(
  name: string,
  images: readonly GoodImage[],
  learn: ImageLearnOptions,
  given: Partial<TrainingContext> = {},
): Promise<LearnedModel> {
  const { steps, seed, variant, batch, alpha, init } = learn;
  const context = { onProgress: () => {}, ...given };
  const { onProgress, signal } = context;
  const split = splitImages(images, seed);
  assertNotBlank(images);
  const normalisation = init === undefined ? normalisationOf(split.fit) : IMAGENET_NORMALISATION;
  const training = { learn, heldOut: split.standardise, normalisation, ...context };
  const { network: trained, ...result } = await trainImageNetwork(split.fit, training);
  const fitted = (network: FoldedResNet18, phase: 'fit' | 'control') => {
    const total = split.fit.length + split.standardise.length;
    const onImage = (done: number) => onProgress({ phase, done, total });
    return fitImageDetector(network, normalisation, split, onImage, signal);
  };
  const untrained = (from: ImageLearnOptions['init']) =>
    untrainedImageNetwork(split.fit, normalisation, seed, from);
  const network = result.heldOut?.learned === false ? untrained(init) : trained;
  const detector = await fitted(network, 'fit');
  const control = await fitted(untrained(undefined), 'control');
  const model = {
    name,
    split,
    parts: {
      normalisation,
      detector: specOf(detector, DETECTOR_FILES),
      control: specOf(control, CONTROL_FILES),
    },
    tensors: { ...tensorsOf(detector, DETECTOR_FILES), ...tensorsOf(control, CONTROL_FILES) },
    options: {
      steps,
      seed,
      variant,
      labels: 'frame' as const,
      batch,
      ...(init && { init: init.sha256 }),
    },
    result,
  };
  return calibrated(model, alpha, context);
}

interface FittedImageDetector {
  readonly network: FoldedResNet18;
  readonly density: Density;
  readonly standard: Standard;
}

/** GDE (§2.3, Eq. 2): mean and Ledoit–Wolf covariance of the embeddings, one a frame. */
async function fitImageDetector(
  network: FoldedResNet18,
  normalisation: Manifest['normalisation'],
  { fit, standardise }: Split<GoodImage>,
  onImage: (done: number) => void,
  signal?: AbortSignal,
): Promise<FittedImageDetector> {
  const encoder = await imageEncoder(runningTensorflow(), network, normalisation);
  try {
    let done = 0;
    const watch = { onImage: () => onImage(++done), ...(signal && { signal }) };
    const rows = await encodeWhole(encoder, fit, watch);
    const density = fitGaussian(rows, rows.length / fit.length);
    const heldOut = await encodeWhole(encoder, standardise, watch);
    return { network, density, standard: standardisation(score(density, heldOut)) };
  } finally {
    encoder.dispose();
  }
}

function specOf(
  { density, standard }: FittedImageDetector,
  files: DetectorFiles,
): ImageDetectorSpec {
  return {
    network: { architecture: 'resnet18', file: files.network },
    dim: density.dim,
    density: 'gaussian',
    densityFile: files.density,
    standard,
  };
}

function tensorsOf({ network, density }: FittedImageDetector, files: DetectorFiles) {
  return {
    [files.network]: resnet18Tensors(network),
    [files.density]: imageDensityTensors(density),
  };
}
