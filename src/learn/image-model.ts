/**
 * The paper's image-level detector from good images (CutPaste §2–4): train ResNet-18 on whole frames,
 * fit one Gaussian to what it says of them, fit the untrained control, calibrate the threshold.
 */
import { backendText } from '../backend/backend.js';
import { runningTensorflow } from '../backend/tensorflow.js';
import { IMAGENET_NORMALISATION } from '../cutpaste/resnet18/init.js';
import type { FoldedResNet18 } from '../cutpaste/resnet18/weights.js';
import { type Density, score } from '../density/density.js';
import { fitGaussian } from '../density/fit.js';
import { type Standard, standardisation } from '../density/standard.js';
import { loadJudge } from '../detect/frame-judge.js';
import { imageEncoder } from '../detect/image-detector.js';
import { imageDensityTensors, resnet18Tensors } from '../model/image-tensors.js';
import { FORMAT, type ImageDetectorSpec, type Manifest, VERSION } from '../model/manifest.js';
import { PATCHLINE_VERSION } from '../version.js';
import { calibrate } from './calibrate.js';
import { type TrainedImageNetwork, trainImageNetwork } from './image-network.js';
import type { ImageLearnOptions } from './image-options.js';
import { assertNotBlank, type GoodImage, normalisationOf } from './images.js';
import { CONTROL_FILES, DETECTOR_FILES, type LearnContext, type LearnedModel } from './model.js';
import type { Progress } from './options.js';
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
  options: ImageLearnOptions,
  { onProgress = () => {}, checkpoints, signal }: LearnContext = {},
): Promise<LearnedModel> {
  const { seed, variant, batch, alpha, init } = options;
  const split = splitImages(images, seed);
  assertNotBlank(images);
  const normalisation = init === undefined ? normalisationOf(split.fit) : IMAGENET_NORMALISATION;
  const training = {
    normalisation,
    onProgress,
    ...(checkpoints && { checkpoints }),
    ...(signal && { signal }),
  };
  const trained = await trainImageNetwork(split.fit, options, training);
  const untrained = { steps: 0, seed, variant, batch, alpha };
  const born = await trainImageNetwork(split.fit, untrained, training);
  const fitted = ({ network }: TrainedImageNetwork, phase: 'fit' | 'control') => {
    const total = split.fit.length + split.standardise.length;
    const onImage = (done: number) => onProgress({ phase, done, total });
    return fitImageDetector(network, normalisation, split, onImage, signal);
  };
  const detector = await fitted(trained, 'fit');
  const control = await fitted(born, 'control');
  const { width, height } = images[0].pixels;
  const parts = {
    input: { width, height },
    normalisation,
    detector: specOf(detector, DETECTOR_FILES),
    control: specOf(control, CONTROL_FILES),
  };
  const tensors = { ...tensorsOf(detector, DETECTOR_FILES), ...tensorsOf(control, CONTROL_FILES) };
  const calibration = await calibrated({ manifest: parts, tensors }, split, alpha, {
    onProgress,
    ...(signal && { signal }),
  });
  return { manifest: manifestOf(name, parts, calibration, options, split, trained), tensors };
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

type Files = typeof DETECTOR_FILES;

function specOf({ density, standard }: FittedImageDetector, files: Files): ImageDetectorSpec {
  return {
    network: { architecture: 'resnet18', file: files.network },
    dim: density.dim,
    density: 'gaussian',
    densityFile: files.density,
    standard,
  };
}

function tensorsOf({ network, density }: FittedImageDetector, files: Files) {
  return {
    [files.network]: resnet18Tensors(network),
    [files.density]: imageDensityTensors(density),
  };
}

async function calibrated(
  source: Parameters<typeof loadJudge>[0],
  { calibrate: images }: Split<GoodImage>,
  alpha: number,
  { onProgress, signal }: { onProgress: (progress: Progress) => void; signal?: AbortSignal },
): Promise<Manifest['calibration']> {
  const judge = await loadJudge(source, runningTensorflow());
  const onImage = (done: number) => onProgress({ phase: 'calibrate', done, total: images.length });
  try {
    return await calibrate(judge, images, alpha, onImage, signal);
  } finally {
    judge.dispose();
  }
}

function manifestOf(
  name: string,
  parts: Pick<Manifest, 'input' | 'normalisation' | 'detector' | 'control'>,
  calibration: Manifest['calibration'],
  { steps, seed, variant, batch, init }: ImageLearnOptions,
  { fit, standardise, calibrate: others }: Split<GoodImage>,
  { loss, accuracy }: TrainedImageNetwork,
): Omit<Manifest, 'files'> {
  return {
    format: FORMAT,
    version: VERSION,
    name,
    createdBy: `patchline ${PATCHLINE_VERSION}`,
    ...parts,
    calibration,
    training: {
      steps,
      seed,
      variant,
      labels: 'frame',
      batch,
      ...(init && { init: init.sha256 }),
      images: {
        fit: fit.length,
        standardise: standardise.length,
        calibrate: others.length,
      },
      ...(loss === undefined ? {} : { loss, accuracy }),
      backend: backendText(runningTensorflow()),
    },
  };
}
