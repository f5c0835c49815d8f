/** The result of an evaluation (DESIGN §8), and how people read it. */
import {
  type DetectorMetrics,
  evaluateThreshold,
  type ScoredFrame,
} from '../evaluate/evaluation.js';
import type { Rate } from '../evaluate/verdicts.js';
import type { Calibration } from '../model/manifest.js';
import { columns, percent, percentColumn, shortId } from './format.js';

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
  readonly falseAlarmRate: number;
  readonly falseAlarmInterval: Interval;
  readonly falseAlarms: number;
  readonly detectionRate: number;
  readonly detectionInterval: Interval;
  readonly detected: number;
  readonly kinds: readonly {
    readonly kind: string;
    readonly frames: number;
    readonly detected: number;
    readonly detectionRate: number;
    readonly detectionInterval: Interval;
  }[];
}

type Interval = readonly [low: number, high: number];

export function thresholdOf(
  frames: readonly ScoredFrame[],
  { alpha, threshold }: Calibration,
): ThresholdResult {
  const { falseAlarm, detection, kinds } = evaluateThreshold(frames, threshold);
  return {
    alpha,
    value: threshold,
    falseAlarmRate: falseAlarm.value,
    falseAlarmInterval: intervalOf(falseAlarm),
    falseAlarms: falseAlarm.count,
    detectionRate: detection.value,
    detectionInterval: intervalOf(detection),
    detected: detection.count,
    kinds: kinds.map(({ kind, detection: own }) => ({
      kind,
      frames: own.total,
      detected: own.count,
      detectionRate: own.value,
      detectionInterval: intervalOf(own),
    })),
  };
}

function intervalOf({ low, high }: Rate): Interval {
  return [low, high];
}

export function tableOf(evaluation: Evaluation): string[] {
  const { dataset, model, frames, control, threshold, timing } = evaluation;
  const { good, anomalous, withoutMask } = frames;
  return [
    `${dataset}: ${good} good and ${anomalous} anomalous frames, model ${model.name} (${shortId(model.id)})`,
    ...(withoutMask > 0
      ? [`${withoutMask} anomalous frames have no mask: image metrics only`]
      : []),
    '',
    ...columns([['', 'model', 'control'], ...metricRows(evaluation, control)]),
    '',
    `Threshold ${threshold.value.toFixed(2)}, set for at most ${percent(threshold.alpha)} false alarms`,
    ...columns(rateRows(evaluation)).map((line) => `  ${line}`),
    '',
    ...(frames.withoutMask < anomalous && evaluation.pixel === undefined
      ? ['An image-level detector: it says whether, not where, so nothing is said of pixels.']
      : []),
    `Control: the same network untrained, with the paper's readout.`,
    `${timing.framesPerSecond.toFixed(1)} frames/s, ${timing.backend}, one thread.`,
  ];
}

function metricRows(model: DetectorMetrics, control: DetectorMetrics): string[][] {
  const row = (label: string, of: (metrics: DetectorMetrics) => number | undefined): string[] => [
    label,
    ...[model, control].map((metrics) => {
      const value = of(metrics);
      return value === undefined ? '–' : percentColumn(value);
    }),
  ];
  return [
    row('image AUROC', ({ image }) => image.auroc),
    row('image F1 max', ({ image }) => image.f1Max),
    row('pixel AUROC', ({ pixel }) => pixel?.auroc),
    row('pixel AP', ({ pixel }) => pixel?.ap),
    row('pixel AUPRO @ 30 %', ({ pixel }) => pixel?.aupro30),
    row('pixel AUPRO @ 5 %', ({ pixel }) => pixel?.aupro05),
    row('pixel F1 max', ({ pixel }) => pixel?.f1Max),
  ];
}

function rateRows({ frames, threshold }: Evaluation): string[][] {
  const { falseAlarms, falseAlarmRate, falseAlarmInterval } = threshold;
  const { detected, detectionRate, detectionInterval, kinds } = threshold;
  const row = (label: string, found: number, of: number, rate: number, [low, high]: Interval) => [
    label,
    `${found} of ${of}`,
    percentColumn(rate),
    `(${percentColumn(low)} to ${percentColumn(high)})`,
  ];
  return [
    row('false alarms', falseAlarms, frames.good, falseAlarmRate, falseAlarmInterval),
    row('detected', detected, frames.anomalous, detectionRate, detectionInterval),
    ...kinds.map((own) =>
      row(`  ${own.kind}`, own.detected, own.frames, own.detectionRate, own.detectionInterval),
    ),
  ];
}
