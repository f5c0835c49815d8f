/** A detector on a test set, in numbers: scores and maps in, metrics out. */
import type { Size } from '../frame/pixels.js';
import type { Curve } from './curve.js';
import {
  type ImageMetrics,
  measureImages,
  measurePixels,
  type PixelCurves,
  type PixelMetrics,
  requireBothImages,
} from './metrics.js';
import { type Rate, rate } from './rate.js';

export interface ScoredFrame {
  /** `good` or the kind of defect. */
  readonly kind: string;
  readonly good: boolean;
  readonly score: number;
  /** Absent where frames are judged as a whole. */
  readonly map?: Float32Array; // [height, width]
}

export interface DetectorMetrics {
  /** Absent where no frame is good or none is defective. */
  readonly image: ImageMetrics | undefined;
  /** Absent where no defective frame has a mask, and where there are no maps. */
  readonly pixel: PixelMetrics | undefined;
}

export interface Measured {
  readonly metrics: DetectorMetrics;
  /** Each absent where its metrics are. */
  readonly curves: { readonly image: Curve | undefined; readonly pixel: PixelCurves | undefined };
}

/**
 * What can be measured of a test set, be there good frames, defective ones and masks or not.
 *
 * @param masks one a frame, [height, width]; undefined for a defective frame without a mask, which
 *   then counts for the image metrics only
 * @throws what `measureImages` and `measurePixels` throw
 */
export function measureDetector(
  frames: readonly ScoredFrame[],
  masks: readonly (Uint8Array | undefined)[],
  size: Size,
): Measured {
  const labels = labelsOf(frames);
  const hasBoth = labels.includes(0) && labels.includes(1);
  const image = hasBoth ? measureImages(scoresOf(frames), labels) : undefined;
  const pixel = measureMaps(frames, masks, size);
  return {
    metrics: { image: image?.metrics, pixel: pixel?.metrics },
    curves: { image: image?.roc, pixel: pixel?.curves },
  };
}

function measureMaps(
  frames: readonly ScoredFrame[],
  masks: readonly (Uint8Array | undefined)[],
  size: Size,
) {
  const located = ({ good, map }: ScoredFrame, i: number): boolean =>
    !good && map !== undefined && masks[i] !== undefined;
  if (!frames.some(located)) return undefined;
  const blank = new Uint8Array(size.width * size.height);
  const masked = frames.flatMap(({ good, map }, i) => {
    const mask = good ? blank : masks[i];
    return mask === undefined || map === undefined ? [] : [{ map, mask }];
  });
  return measurePixels(
    masked.map(({ map }) => map),
    masked.map(({ mask }) => mask),
    size,
  );
}

/** `measureDetector` of a whole test set. @throws PL_DATASET without good or without defective frames */
export function evaluateDetector(
  frames: readonly ScoredFrame[],
  masks: readonly (Uint8Array | undefined)[],
  size: Size,
): DetectorMetrics & { readonly image: ImageMetrics } {
  requireBothImages(labelsOf(frames));
  const { metrics } = measureDetector(frames, masks, size);
  return { ...metrics, image: metrics.image as ImageMetrics };
}

/** What a threshold does to a test set: a frame is called anomalous if its score is *above* it. */
export interface ThresholdMetrics {
  /** Good frames that are called anomalous; absent without good frames. */
  readonly falseAlarm: Rate | undefined;
  /** Defective frames that are called anomalous; absent without them. */
  readonly detection: Rate | undefined;
  /** The same of the defective frames of each kind. */
  readonly kinds: readonly { readonly kind: string; readonly detection: Rate }[];
}

export function measureThreshold(
  frames: readonly ScoredFrame[],
  threshold: number,
): ThresholdMetrics {
  const above = (own: readonly ScoredFrame[]): Rate =>
    rate(own.filter(({ score }) => score > threshold).length, own.length);
  const good = frames.filter((frame) => frame.good);
  const defective = frames.filter((frame) => !frame.good);
  const kinds = [...new Set(defective.map(({ kind }) => kind))];
  return {
    falseAlarm: good.length === 0 ? undefined : above(good),
    detection: defective.length === 0 ? undefined : above(defective),
    kinds: kinds.map((kind) => ({
      kind,
      detection: above(defective.filter((frame) => frame.kind === kind)),
    })),
  };
}

/** `measureThreshold` of a whole test set. @throws PL_DATASET as `evaluateDetector` */
export function evaluateThreshold(
  frames: readonly ScoredFrame[],
  threshold: number,
): ThresholdMetrics & { readonly falseAlarm: Rate; readonly detection: Rate } {
  requireBothImages(labelsOf(frames));
  const { falseAlarm, detection, kinds } = measureThreshold(frames, threshold);
  return { falseAlarm: falseAlarm as Rate, detection: detection as Rate, kinds };
}

function scoresOf(frames: readonly ScoredFrame[]): Float64Array {
  return Float64Array.from(frames, ({ score }) => score);
}

function labelsOf(frames: readonly ScoredFrame[]): Uint8Array {
  return Uint8Array.from(frames, ({ good }) => Number(!good));
}
