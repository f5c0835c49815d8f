/**
 * From good images to a model: the two-stage framework (CutPaste §2.1) from end to end. Train the
 * network, fit the densities, fit the untrained control, calibrate the threshold.
 */
import { backendText } from '../backend/backend.js';
import { runningTensorflow } from '../backend/tensorflow.js';
import { initialNetwork, type TrainableNetwork } from '../cutpaste/network.js';
import { loadJudge } from '../detect/frame-judge.js';
import type { Pixels } from '../frame/pixels.js';
import { densityTensors, networkTensors, type Tensors } from '../model/detector-tensors.js';
import { FORMAT, type Manifest, VERSION } from '../model/manifest.js';
import { PATCHLINE_VERSION } from '../version.js';
import { calibrate } from './calibrate.js';
import { detectorSpec, fitDetector, type LearnedDetector } from './detector.js';
import { assertNotBlank, type GoodImage, normalisationOf } from './images.js';
import { type Checkpoints, foldOnImages, type TrainedNetwork, trainNetwork } from './network.js';
import { type LearnOptions, type OnProgress, PAPER_READOUT, type Readout } from './options.js';
import { type Split, splitImages } from './split.js';

/** What `writeBundle` stores. */
export interface LearnedModel {
  readonly manifest: Omit<Manifest, 'files'>;
  readonly tensors: Readonly<Record<string, Tensors>>;
}

export interface LearnContext {
  readonly onProgress?: OnProgress;
  readonly checkpoints?: Checkpoints;
  readonly signal?: AbortSignal;
}

export const DETECTOR_FILES = { network: 'network.safetensors', density: 'density.safetensors' };
export const CONTROL_FILES = {
  network: 'control-network.safetensors',
  density: 'control-density.safetensors',
};

/**
 * Learns a surface from good images of one size. Deterministic: the same images, options and back
 * end give the same model.
 *
 * @throws PL_DATASET with fewer than 4 images, PL_IMAGE_BLANK if none shows anything,
 *   PL_NUMERIC if an image yields no finite score; the signal's reason when aborted
 */
export async function learnModel(
  name: string,
  images: readonly GoodImage[],
  options: LearnOptions,
  { onProgress = () => {}, checkpoints, signal }: LearnContext = {},
): Promise<LearnedModel> {
  const { seed, readout, alpha } = options;
  const split = splitImages(images, seed);
  assertNotBlank(images);
  const normalisation = normalisationOf(split.fit);
  const context = { ...(signal && { signal }), ...(checkpoints && { checkpoints }) };
  const trained = await trainNetwork(split.fit, {
    learn: options,
    heldOut: split.standardise,
    normalisation,
    onProgress,
    ...context,
  });
  const learn = (network: TrainableNetwork, how: Readout, phase: 'fit' | 'control') => {
    const folded = foldOnImages(network, split.fit, normalisation, seed);
    const onImage = (done: number, total: number) => onProgress({ phase, done, total });
    const fitting = { readout: how, seed, onImage, ...(signal && { signal }) };
    return fitDetector(folded, split.fit, split.standardise, fitting);
  };
  const untrained = initialNetwork(options.layers, seed);
  const network = trained.heldOut?.learned === false ? untrained : trained.network;
  const learned = await learn(network, readout, 'fit');
  const control = await learn(untrained, PAPER_READOUT, 'control');
  const tensors = { ...tensorsOf(learned, DETECTOR_FILES), ...tensorsOf(control, CONTROL_FILES) };
  const parts = {
    input: sizeOf(images[0].pixels),
    normalisation,
    detector: detectorSpec(learned, readout, DETECTOR_FILES),
    control: detectorSpec(control, PAPER_READOUT, CONTROL_FILES),
  };
  const judge = await loadJudge({ manifest: parts, tensors }, runningTensorflow());
  try {
    const calibration = await calibrate(
      judge,
      split.calibrate,
      alpha,
      (done) => onProgress({ phase: 'calibrate', done, total: split.calibrate.length }),
      signal,
    );
    return {
      manifest: manifestOf(name, parts, calibration, options, split, trained),
      tensors,
    };
  } finally {
    judge.dispose();
  }
}

function manifestOf(
  name: string,
  parts: Pick<Manifest, 'input' | 'normalisation' | 'detector' | 'control'>,
  calibration: Manifest['calibration'],
  { steps, seed, variant, labels }: LearnOptions,
  split: Split<GoodImage>,
  { loss, accuracy, heldOut }: Omit<TrainedNetwork, 'network'>,
): Omit<Manifest, 'files'> {
  return {
    format: FORMAT,
    version: VERSION,
    name,
    createdBy: `patchline ${PATCHLINE_VERSION}`,
    input: parts.input,
    normalisation: parts.normalisation,
    detector: parts.detector,
    calibration,
    training: {
      steps,
      seed,
      variant,
      labels,
      images: {
        fit: split.fit.length,
        standardise: split.standardise.length,
        calibrate: split.calibrate.length,
      },
      ...(loss === undefined ? {} : { loss, accuracy, heldOut }),
      backend: backendText(runningTensorflow()),
    },
    control: parts.control,
  };
}

function tensorsOf(
  learned: LearnedDetector,
  files: { readonly network: string; readonly density: string },
): Record<string, Tensors> {
  return {
    [files.network]: networkTensors(learned.network),
    [files.density]: densityTensors(learned.views, learned.densities),
  };
}

function sizeOf({ width, height }: Pixels): { width: number; height: number } {
  return { width, height };
}
