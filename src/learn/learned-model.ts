/** A model as it is learned: two fitted detectors, the threshold, and the record of its training. */
import { backendText } from '../backend/backend.js';
import { runningTensorflow } from '../backend/tensorflow.js';
import { loadJudge } from '../detect/frame-judge.js';
import { FORMAT, type Manifest, VERSION } from '../model/manifest.js';
import type { Tensors } from '../model/safetensors.js';
import { PATCHLINE_VERSION } from '../version.js';
import { calibrate } from './calibrate.js';
import type { GoodImage } from './images.js';
import type { ProxyResult, TrainingContext } from './proxy-task.js';
import type { Split } from './split.js';

/** What `writeBundle` stores. */
export interface LearnedModel {
  readonly manifest: Omit<Manifest, 'files'>;
  readonly tensors: Readonly<Record<string, Tensors>>;
}

export const DETECTOR_FILES = { network: 'network.safetensors', density: 'density.safetensors' };
export const CONTROL_FILES = {
  network: 'control-network.safetensors',
  density: 'control-density.safetensors',
};
export type DetectorFiles = typeof DETECTOR_FILES;

/** All of a model but its threshold. */
export interface Uncalibrated extends Pick<LearnedModel, 'tensors'> {
  readonly name: string;
  readonly split: Split<GoodImage>;
  readonly parts: Pick<Manifest, 'normalisation' | 'detector' | 'control'>;
  readonly options: Pick<
    Manifest['training'],
    'steps' | 'seed' | 'variant' | 'labels' | 'tolerance' | 'batch' | 'init'
  >;
  /** Empty when nothing was trained. */
  readonly result: Partial<ProxyResult>;
}

/** Calibrates the threshold, which makes the model whole. @throws PL_NUMERIC as `calibrate` does */
export async function calibrated(
  model: Uncalibrated,
  alpha: number,
  { onProgress, signal }: Pick<TrainingContext, 'onProgress' | 'signal'>,
): Promise<LearnedModel> {
  const { tensors } = model;
  const { fit, calibrate: images } = model.split;
  const { width, height } = fit[0].pixels;
  const parts = { input: { width, height }, ...model.parts };
  const judge = await loadJudge({ manifest: parts, tensors }, runningTensorflow());
  const onImage = (done: number) => onProgress({ phase: 'calibrate', done, total: images.length });
  try {
    const calibration = await calibrate(judge, images, alpha, onImage, signal);
    return { manifest: manifestOf(model, { ...parts, calibration }), tensors };
  } finally {
    judge.dispose();
  }
}

function manifestOf(
  { name, split, options, result }: Uncalibrated,
  parts: Pick<Manifest, 'input' | 'normalisation' | 'detector' | 'control' | 'calibration'>,
): LearnedModel['manifest'] {
  const { fit, standardise, calibrate } = split;
  return {
    format: FORMAT,
    version: VERSION,
    name,
    createdBy: `patchline ${PATCHLINE_VERSION}`,
    ...parts,
    training: {
      ...options,
      images: {
        fit: fit.length,
        standardise: standardise.length,
        calibrate: calibrate.length,
      },
      ...result,
      backend: backendText(runningTensorflow()),
    },
  };
}
