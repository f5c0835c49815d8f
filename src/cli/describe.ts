/** What is said of models and thresholds, the same in every command. */
import { heldOutNeeded, highestIsStray, quantileAt } from '../localize/calibrate.js';
import type { Calibration, Manifest } from '../model/manifest.js';
import { count, percent, shortId } from './format.js';

export function modelResult(dir: string, id: string, { name }: Pick<Manifest, 'name'>) {
  return { name, id, dir };
}

export function modelLine(dir: string, id: string, { name }: Pick<Manifest, 'name'>): string {
  return `Model ${name} (${shortId(id)}) in ${dir}`;
}

export function thresholdResult({ threshold, alpha, requestedAlpha, n, setBy }: Calibration) {
  return { value: threshold, alpha, requestedAlpha, n, setBy };
}

/** The threshold, what it promises, what it does not, and the images to look at. */
export function thresholdLines(calibration: Calibration): string[] {
  const { threshold, alpha, requestedAlpha, n, setBy } = calibration;
  const names = setBy.map(({ image, score }) => `${image} (${score.toFixed(2)})`).join(', ');
  return [
    `Threshold ${threshold.toFixed(2)}: at most ${percent(alpha)} of good frames score higher (n = ${n} held-out images)`,
    ...(alpha === requestedAlpha ? [] : [shortfall(requestedAlpha, alpha, n)]),
    `  set by ${names}: make sure that ${setBy.length === 1 ? 'it is' : 'they are'} good`,
    ...strayLines(calibration),
  ];
}

function strayLines({ quantiles, setBy }: Calibration): string[] {
  if (setBy.length === 0 || !highestIsStray(quantiles)) return [];
  const [{ image, score }] = setBy;
  const usual = quantileAt(quantiles, 0.9);
  return [
    `warning: ${image} stands alone: it scores ${score.toFixed(2)}, nine of ten held-out images less than ${usual.toFixed(2)}. If it shows a defect, dirt or another product, take it out: it hides defects`,
  ];
}

/** What judges frames where nothing was learned: what training started from. */
export function startingFeatures({ init }: Pick<Manifest['training'], 'init'>): string {
  return init === undefined ? 'untrained features' : 'features of --init';
}

function shortfall(requested: number, alpha: number, n: number): string {
  const needed = heldOutNeeded(requested);
  return `  a false-alarm rate of ${percent(requested)} needs ${count(needed, 'held-out image')}; you have ${n}: ${percent(alpha)} is what can be promised`;
}
