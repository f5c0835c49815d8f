/** How people read the result of an evaluation. */
import type { DetectorMetrics } from '../evaluate/evaluation.js';
import type { Evaluation, Interval } from '../evaluate/result.js';
import type { ScoreShift } from '../evaluate/score-shift.js';
import { columns, percent, percentColumn, shortId } from './format.js';

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
    ...shiftLines(evaluation),
    ...(frames.withoutMask < anomalous && evaluation.pixel === undefined
      ? ['An image-level detector: it says whether, not where, so nothing is said of pixels.']
      : []),
    `Control: the same network untrained, with the paper's readout.`,
    `${timing.framesPerSecond.toFixed(1)} frames/s, ${timing.backend}, one thread.`,
  ];
}

function shiftLines({ threshold: { shift } }: Evaluation): string[] {
  return isShifted(shift) ? [`warning: ${shiftText(shift)}`, ''] : [];
}

/** More than chance lets good test images differ from the held-out ones. */
export function isShifted(shift: ScoreShift | undefined): shift is ScoreShift {
  return shift !== undefined && Math.abs(shift.value) > shift.limit;
}

/** What to think of good test images that are unlike the held-out ones. */
export function shiftText({ value }: ScoreShift): string {
  const [how, look] = value < 0 ? ['lower', 'better'] : ['higher', 'worse'];
  const share = percent((1 + Math.abs(value)) / 2, 0);
  return `The good test images score ${how} than the held-out good images that set the threshold, in ${share} of all pairs (chance: 50 %): light or camera differ, and image AUROC and false alarms look ${look} than the line will see.`;
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
    row('image AUROC', ({ image }) => image?.auroc),
    row('image F1 max', ({ image }) => image?.f1Max),
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
  return [
    rateRow('false alarms', falseAlarms, frames.good, falseAlarmRate, falseAlarmInterval),
    rateRow('detected', detected, frames.anomalous, detectionRate, detectionInterval),
    ...kinds.map((own) =>
      rateRow(`  ${own.kind}`, own.detected, own.frames, own.detectionRate, own.detectionInterval),
    ),
  ];
}

function rateRow(
  label: string,
  found = 0,
  of: number,
  rate: number | undefined,
  interval: Interval | undefined,
): string[] {
  if (rate === undefined || interval === undefined) return [label, 'no images', '–', ''];
  const [low, high] = interval;
  return [
    label,
    `${found} of ${of}`,
    percentColumn(rate),
    `(${percentColumn(low)} to ${percentColumn(high)})`,
  ];
}
