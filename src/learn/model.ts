/**
 * From good images to a model: the two-stage framework (CutPaste §2.1) from end to end. Train the
 * network, fit the densities, fit the untrained control, calibrate the threshold.
 */
import { initialNetwork, type TrainableNetwork } from '../cutpaste/network.js';
import { densityTensors, networkTensors, type Tensors } from '../model/detector-tensors.js';
import { detectorSpec, fitDetector, type LearnedDetector } from './detector.js';
import { assertNotBlank, type GoodImage, normalisationOf } from './images.js';
import {
  CONTROL_FILES,
  calibrated,
  DETECTOR_FILES,
  type DetectorFiles,
  type LearnedModel,
} from './learned-model.js';
import { foldOnImages, trainNetwork } from './network.js';
import { type LearnOptions, PAPER_READOUT, type Readout } from './options.js';
import type { TrainingContext } from './proxy-task.js';
import { splitImages } from './split.js';

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
  learn: LearnOptions,
  given: Partial<TrainingContext> = {},
): Promise<LearnedModel> {
  const { layers, steps, seed, variant, labels, readout, alpha } = learn;
  const context = { onProgress: () => {}, ...given };
  const { onProgress, signal } = context;
  const split = splitImages(images, seed);
  assertNotBlank(images);
  const normalisation = normalisationOf(split.fit);
  const heldOut = split.standardise;
  const training = { learn, heldOut, normalisation, ...context };
  const { network: trained, ...result } = await trainNetwork(split.fit, training);
  const fitted = (network: TrainableNetwork, how: Readout, phase: 'fit' | 'control') => {
    const folded = foldOnImages(network, split.fit, normalisation, seed);
    const onImage = (done: number, total: number) => onProgress({ phase, done, total });
    const fitting = { readout: how, seed, onImage, ...(signal && { signal }) };
    return fitDetector(folded, split.fit, split.standardise, fitting);
  };
  const untrained = initialNetwork(layers, seed);
  const network = result.heldOut?.learned === false ? untrained : trained;
  const detector = await fitted(network, readout, 'fit');
  const control = await fitted(untrained, PAPER_READOUT, 'control');
  const model = {
    name,
    split,
    parts: {
      normalisation,
      detector: detectorSpec(detector, readout, DETECTOR_FILES),
      control: detectorSpec(control, PAPER_READOUT, CONTROL_FILES),
    },
    tensors: { ...tensorsOf(detector, DETECTOR_FILES), ...tensorsOf(control, CONTROL_FILES) },
    options: { steps, seed, variant, labels, tolerance: readout.tolerance },
    result,
  };
  return calibrated(model, alpha, context);
}

function tensorsOf(learned: LearnedDetector, files: DetectorFiles): Record<string, Tensors> {
  return {
    [files.network]: networkTensors(learned.network),
    [files.density]: densityTensors(learned.views, learned.densities),
  };
}
