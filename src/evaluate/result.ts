/** The result of an evaluation as programs read it (DESIGN §8). */
import type { Calibration } from '../model/manifest.js';
import { type DetectorMetrics, measureThreshold, type ScoredFrame } from './evaluation.js';
import type { Rate } from './rate.js';
import { type ScoreShift, scoreShift } from './score-shift.js';

export interface Evaluation extends DetectorMetrics {
  readonly dataset: string;
  readonly model: { readonly name: string; readonly id: string; readonly dir: string };
  readonly frames: {
    readonly good: number;
    readonly anomalous: number;
    /** Anomalous frames that count for the image metrics only. */
    readonly withoutMask: number;
  };
  readonly threshold: ThresholdResult;
  readonly control: DetectorMetrics;
  readonly timing: {
    readonly framesPerSecond: number;
    readonly threads: number;
    readonly backend: string;
  };
}

/** Rates are shares of 1; `…Interval`: 95 % Wilson intervals. */
interface ThresholdResult {
  readonly alpha: number;
  readonly value: number;
  /** These three are absent without good frames. */
  readonly falseAlarmRate?: number;
  readonly falseAlarmInterval?: Interval;
  readonly falseAlarms?: number;
  /** How the good frames score beside those of the calibration; absent without good frames. */
  readonly shift?: ScoreShift;
  /** These three are absent without defective frames. */
  readonly detectionRate?: number;
  readonly detectionInterval?: Interval;
  readonly detected?: number;
  readonly kinds: readonly {
    readonly kind: string;
    readonly frames: number;
    readonly detected: number;
    readonly detectionRate: number;
    readonly detectionInterval: Interval;
  }[];
}

export type Interval = readonly [low: number, high: number];

export function thresholdOf(
  frames: readonly ScoredFrame[],
  calibration: Calibration,
): ThresholdResult {
  const { alpha, threshold } = calibration;
  const good = frames.filter((frame) => frame.good).map(({ score }) => score);
  const { falseAlarm, detection, kinds } = measureThreshold(frames, threshold);
  return {
    alpha,
    value: threshold,
    ...(falseAlarm && {
      falseAlarmRate: falseAlarm.value,
      falseAlarmInterval: intervalOf(falseAlarm),
      falseAlarms: falseAlarm.count,
    }),
    ...(good.length > 0 && { shift: scoreShift(good, calibration) }),
    ...(detection && detectionOf(detection)),
    kinds: kinds.map(({ kind, detection: own }) => ({
      kind,
      frames: own.total,
      ...detectionOf(own),
    })),
  };
}

function detectionOf(rate: Rate) {
  return {
    detectionRate: rate.value,
    detectionInterval: intervalOf(rate),
    detected: rate.count,
  };
}

function intervalOf({ low, high }: Rate): Interval {
  return [low, high];
}
