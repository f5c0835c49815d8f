/** The figures of a condition, from maps. */

import { PatchlineError } from '../errors.js';
import { evaluateDetector, evaluateThreshold, type ScoredFrame } from '../evaluate/evaluation.js';
import { auroc } from '../evaluate/ranking.js';
import type { Size } from '../frame/pixels.js';
import { conformalThreshold } from '../localize/calibrate.js';
import type { Figures, Threshold } from './result.js';

/** Two rates that lines ask for. */
const ALPHAS = [0.05, 0.01];

/**
 * @param masks one a frame, as `evaluateDetector` takes them
 * @param heldOut frame scores of the good images that set the threshold
 */
export function figuresOf(
  frames: readonly ScoredFrame[],
  masks: readonly (Uint8Array | undefined)[],
  heldOut: readonly number[],
  size: Size,
): Figures {
  const { image, pixel } = evaluateDetector(frames, masks, size);
  if (pixel === undefined) {
    throw new PatchlineError('PL_DATASET', 'no defective test image has a mask', {
      disposition: 'usage',
    });
  }
  const thresholds = ALPHAS.map((alpha) => thresholdOf(frames, heldOut, alpha));
  const heldOutAuroc = aurocOf(heldOut, frames);
  return { image: rounded({ ...image, heldOutAuroc }), pixel: rounded(pixel), thresholds };
}

/** Of defective frames among held-out ones. */
function aurocOf(heldOut: readonly number[], frames: readonly ScoredFrame[]): number {
  const defective = frames.filter(({ good }) => !good).map(({ score }) => score);
  const labels = [...heldOut.map(() => 0), ...defective.map(() => 1)];
  return auroc(Float32Array.from([...heldOut, ...defective]), Uint8Array.from(labels));
}

function thresholdOf(
  frames: readonly ScoredFrame[],
  heldOut: readonly number[],
  asked: number,
): Threshold {
  const { value, alpha, n } = conformalThreshold(heldOut, asked);
  const { falseAlarm, detection } = evaluateThreshold(frames, value);
  return {
    asked,
    alpha: round(alpha),
    heldOut: n,
    falseAlarms: falseAlarm.count,
    good: falseAlarm.total,
    found: detection.count,
    defective: detection.total,
  };
}

/** A hundredth of a per cent: seeds differ by more. */
export function round(value: number): number {
  return Number(value.toFixed(4));
}

function rounded<T extends object>(metrics: T): T {
  const entries = Object.entries(metrics).map(([name, value]) => [name, round(value)]);
  return Object.fromEntries(entries) as T;
}
