import type { Size } from '../frame/pixels.js';
import { labelComponents } from '../localize/components.js';
import { type Curve, CurveBuilder } from './curve.js';
import type { Sweep } from './sweep.js';

/**
 * Per-region overlap at each threshold of `sweep`: the share of an 8-connected defect that scores at
 * least the threshold, averaged over the defects of all masks. A scratch of ten pixels counts as
 * much as a stain of ten thousand (Bergmann et al., IJCV 2021, §4.2).
 *
 * @param sweep the ranking of these very maps and masks
 * @param maps anomaly maps, each [height, width]
 * @param masks one a map, [height, width]: non-zero is defective
 * @returns [m] one a threshold, ascending to 1
 */
export function regionOverlap(
  { thresholds }: Sweep,
  maps: readonly Float32Array[],
  masks: readonly Uint8Array[],
  { width, height }: Size,
): Float64Array {
  const overlap = new Float64Array(thresholds.length);
  let regions = 0;
  for (const [frame, mask] of masks.entries()) {
    const { labels, count } = labelComponents(mask, width, height);
    const areas = new Uint32Array(count + 1);
    for (const label of labels) areas[label]++;
    for (let pixel = 0; pixel < labels.length; pixel++) {
      if (labels[pixel] === 0) continue;
      overlap[stepOf(thresholds, maps[frame][pixel])] += 1 / areas[labels[pixel]];
    }
    regions += count;
  }
  for (let step = 1; step < overlap.length; step++) overlap[step] += overlap[step - 1];
  return overlap.map((sum) => sum / regions);
}

/**
 * Area under the per-region-overlap curve up to a false-positive rate, divided by that rate: 1 is
 * perfect. The false-positive rate is over the defect-free pixels of all frames; the curve is
 * straight between thresholds and is cut by interpolation at the limit (Bergmann et al., IJCV 2021,
 * §4.2, and the authors' evaluation code).
 *
 * @param overlap what `regionOverlap` gives for `sweep`
 * @param limit false-positive rate, in (0, 1]
 */
export function aupro(sweep: Sweep, overlap: Float64Array, limit: number): number {
  const end = limit * sweep.negatives; // the limit as a number of false positives
  let area = 0;
  let x = 0; // false positives
  let y = 0; // overlap
  const lineTo = (nextX: number, nextY: number): void => {
    const cutX = Math.min(nextX, end);
    const cutY = nextX > end ? y + ((nextY - y) * (cutX - x)) / (nextX - x) : nextY;
    area += ((cutX - x) * (y + cutY)) / 2;
    x = cutX;
    y = cutY;
  };
  for (let step = 0; step < overlap.length && x < end; step++) {
    lineTo(sweep.falseAbove[step], y);
    lineTo(sweep.falsePositives[step], overlap[step]);
  }
  lineTo(end, y);
  return area / end;
}

/**
 * The curve under which `aupro` is an area: the mean overlap of the defects over the false-positive
 * rate, from (0, 0) to (1, 1). Parameters as there.
 */
export function proCurve(
  { negatives, falseAbove, falsePositives }: Sweep,
  overlap: Float64Array,
): Curve {
  const builder = new CurveBuilder();
  for (let step = 0; step < overlap.length; step++) {
    builder.lineTo(falseAbove[step] / negatives, step === 0 ? 0 : overlap[step - 1]);
    builder.lineTo(falsePositives[step] / negatives, overlap[step]);
  }
  builder.lineTo(1, 1);
  return builder.curve;
}

/** The step of the threshold that equals `score`, by bisection. */
function stepOf(thresholds: Float64Array, score: number): number {
  let low = 0;
  let high = thresholds.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (thresholds[middle] > score) low = middle + 1;
    else high = middle;
  }
  return low;
}
