/** A detector on a test set, in numbers: scores and maps in, metrics out. */
import type { Size } from '../frame/pixels.js';
import { evaluateImages, evaluatePixels, type ImageMetrics, type PixelMetrics } from './metrics.js';
import { type Rate, rate, type VerdictRates, verdictRates } from './verdicts.js';

export interface ScoredFrame {
  /** `good` or the kind of defect. */
  readonly kind: string;
  readonly good: boolean;
  readonly score: number;
  /** Absent where frames are judged as a whole. */
  readonly map?: Float32Array; // [height, width]
}

export interface DetectorMetrics {
  readonly image: ImageMetrics;
  /** Absent where no defective frame has a mask, and where there are no maps. */
  readonly pixel: PixelMetrics | undefined;
}

/**
 * @param masks one a frame, [height, width]; undefined for a defective frame without a mask, which
 *   then counts for the image metrics only
 * @throws what `evaluateImages` and `evaluatePixels` throw
 */
export function evaluateDetector(
  frames: readonly ScoredFrame[],
  masks: readonly (Uint8Array | undefined)[],
  size: Size,
): DetectorMetrics {
  const image = evaluateImages(scoresOf(frames), labelsOf(frames));
  const blank = new Uint8Array(size.width * size.height);
  const masked = frames.flatMap(({ good, map }, i) => {
    const mask = good ? blank : masks[i];
    return mask === undefined || map === undefined ? [] : [{ map, mask }];
  });
  if (!frames.some(({ good, map }, i) => !good && map !== undefined && masks[i] !== undefined)) {
    return { image, pixel: undefined };
  }
  const pixel = evaluatePixels(
    masked.map(({ map }) => map),
    masked.map(({ mask }) => mask),
    size,
  );
  return { image, pixel };
}

export interface ThresholdMetrics extends VerdictRates {
  /** Share of the frames of each kind that are called anomalous, `good` left out. */
  readonly kinds: readonly { readonly kind: string; readonly detection: Rate }[];
}

export function evaluateThreshold(
  frames: readonly ScoredFrame[],
  threshold: number,
): ThresholdMetrics {
  const kinds = [...new Set(frames.filter(({ good }) => !good).map(({ kind }) => kind))];
  return {
    ...verdictRates(scoresOf(frames), labelsOf(frames), threshold),
    kinds: kinds.map((kind) => {
      const own = frames.filter((frame) => frame.kind === kind);
      const found = own.filter(({ score }) => score > threshold);
      return { kind, detection: rate(found.length, own.length) };
    }),
  };
}

function scoresOf(frames: readonly ScoredFrame[]): Float64Array {
  return Float64Array.from(frames, ({ score }) => score);
}

function labelsOf(frames: readonly ScoredFrame[]): Uint8Array {
  return Uint8Array.from(frames, ({ good }) => Number(!good));
}
