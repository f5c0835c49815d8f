import { PatchlineError } from '../errors.js';
import type { Size } from '../frame/pixels.js';
import { aupro, proCurve, regionOverlap } from './aupro.js';
import type { Curve } from './curve.js';
import { aurocOf, averagePrecisionOf, f1MaxOf, rocCurveOf } from './ranking.js';
import { countAnomalous, type Scores, Sweep } from './sweep.js';

/** How well the anomaly maps show where the defects are; each of [0, 1]. */
export interface PixelMetrics {
  readonly auroc: number;
  readonly ap: number;
  /** Area under the per-region overlap up to a false-positive rate of 30 %. */
  readonly aupro30: number;
  /** … of 5 %. */
  readonly aupro05: number;
  readonly f1Max: number;
}

/** How well the frame scores tell good from anomalous; each of [0, 1]. */
export interface ImageMetrics {
  readonly auroc: number;
  readonly f1Max: number;
}

/** What the metrics are areas and points of. */
export interface PixelCurves {
  readonly roc: Curve;
  /** Per-region overlap over the false-positive rate. */
  readonly pro: Curve;
}

/**
 * The pixel metrics of a test set, and their curves. Every pixel of every frame counts, good frames included, at the
 * size of the model's input. Leave out anomalous frames that have no mask.
 *
 * @param maps anomaly maps, each [height, width], finite
 * @param masks one a map, [height, width]: non-zero is defective; all zero for a good frame
 * @throws PatchlineError PL_DATASET if no pixel is defective or all are, PL_NUMERIC if a score is
 *   not finite; RangeError if a map or mask is not of `size`.
 */
export function measurePixels(
  maps: readonly Float32Array[],
  masks: readonly Uint8Array[],
  size: Size,
): { readonly metrics: PixelMetrics; readonly curves: PixelCurves } {
  const pixels = size.width * size.height;
  if (maps.length !== masks.length || maps.some((map) => map.length !== pixels)) {
    throw new RangeError(`expected ${masks.length} maps of ${size.width} × ${size.height}`);
  }
  requireBoth(countAnomalous(masks), maps.length * pixels, 'pixels', {
    anomalous:
      'Put images with defects into test/<defect>, their masks (white on black) into ground_truth/<defect>/<name>_mask.png.',
    good: 'A mask is white on the defect only: are they inverted?',
  });
  const sweep = new Sweep(maps, masks);
  const overlap = regionOverlap(sweep, maps, masks, size);
  const metrics = {
    auroc: aurocOf(sweep),
    ap: averagePrecisionOf(sweep),
    aupro30: aupro(sweep, overlap, 0.3),
    aupro05: aupro(sweep, overlap, 0.05),
    f1Max: f1MaxOf(sweep).f1,
  };
  return { metrics, curves: { roc: rocCurveOf(sweep), pro: proCurve(sweep, overlap) } };
}

/**
 * The image metrics of a test set, and their curve.
 *
 * @param scores [n] frame scores, finite
 * @param labels [n] 0 good, 1 anomalous
 * @throws PatchlineError PL_DATASET if no image is good or none is anomalous, PL_NUMERIC if a score
 *   is not finite.
 */
export function measureImages(
  scores: Scores,
  labels: Uint8Array,
): { readonly metrics: ImageMetrics; readonly roc: Curve } {
  requireBothImages(labels);
  const sweep = new Sweep([scores], [labels]);
  return {
    metrics: { auroc: aurocOf(sweep), f1Max: f1MaxOf(sweep).f1 },
    roc: rocCurveOf(sweep),
  };
}

/** @throws PatchlineError PL_DATASET if no image is good or none is anomalous. */
export function requireBothImages(labels: Uint8Array): void {
  requireBoth(countAnomalous([labels]), labels.length, 'images', {
    anomalous: 'Put images with defects into test/<defect>.',
    good: 'Put good images that training does not see into test/good.',
  });
}

type Kind = 'anomalous' | 'good';

function requireBoth(
  anomalous: number,
  total: number,
  what: string,
  hints: Record<Kind, string>,
): void {
  if (anomalous > 0 && anomalous < total) return;
  const missing = anomalous === 0 ? 'anomalous' : 'good';
  const message =
    total === 0 ? `there are no test ${what}` : `none of the ${total} test ${what} is ${missing}`;
  throw new PatchlineError('PL_DATASET', message, {
    disposition: 'usage',
    hint: hints[missing],
  });
}
