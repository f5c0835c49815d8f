/** The result in plain words. */
import { falseAlarmChance } from '../../evaluate/promise.js';
import type { Interval } from '../../evaluate/result.js';
import { isShifted, shiftText } from '../eval-table.js';
import { percent } from '../format.js';
import type { ReportContent } from './content.js';
import { type Html, html } from './html.js';

/** Scores that rank as well as this and still find less than half: the threshold is to blame. */
const GOOD_RANKING = 0.9;
/** Chances below this are taken for none. */
const UNLIKELY = 0.025;

export function verdictSection({ evaluation, manifest }: ReportContent): Html {
  const { frames, threshold } = evaluation;
  const { falseAlarms = 0, falseAlarmInterval, detected = 0, detectionInterval } = threshold;
  return html`<section class="verdict" aria-label="Result">
<div class="figures">
${rateCard('False alarms', falseAlarms, frames.good, falseAlarmInterval, 'good images were called defective', 'test/good')}
${rateCard('Found', detected, frames.anomalous, detectionInterval, 'defective images were called defective', 'test/<defect>')}
</div>
<ul class="words">
${[...promiseWords(evaluation, manifest), ...shiftWords(evaluation), ...rankingWords(evaluation), ...thresholdWords(evaluation, manifest), ...trainingWords(manifest)].map((text) => html`<li>${text}</li>`)}
</ul>
</section>`;
}

function rateCard(
  title: string,
  found: number,
  of: number,
  interval: Interval | undefined,
  what: string,
  where: string,
): Html {
  if (interval === undefined) {
    return html`<div class="figure"><h2>${title}</h2><p class="none">Not measured: there are no images in <code>${where}</code>.</p></div>`;
  }
  const [low, high] = interval;
  return html`<div class="figure"><h2>${title}</h2><p class="big">${percent(found / of)}</p>
<p>${found} of ${of} ${what}</p>
<p class="fine">95 % interval: ${percent(low)} to ${percent(high)}</p></div>`;
}

type Evaluation = ReportContent['evaluation'];

/** Whether the false alarms keep what calibration promised. */
function promiseWords({ threshold, frames }: Evaluation, { calibration }: Manifest): string[] {
  const { alpha, falseAlarmRate, falseAlarms = 0 } = threshold;
  if (falseAlarmRate === undefined) return [];
  const promise = `The threshold was set so that at most ${percent(alpha)} of good images like those of the training are called defective.`;
  if (falseAlarmRate <= alpha) return [`${promise} Here it holds.`];
  const chance = falseAlarmChance(falseAlarms, frames.good, calibration);
  return chance < UNLIKELY
    ? [
        `${promise} Here more are, and hardly by chance (${percent(chance, 2)}): the test images differ from those that it was calibrated on. Calibrate with good images as the line makes them now.`,
      ]
    : [
        `${promise} Here more are, which can be chance: so many or more come in ${percent(chance, 0)} of such tests, with ${calibration.n} images behind the threshold and ${frames.good} tested.`,
      ];
}

function shiftWords({ threshold: { shift } }: Evaluation): string[] {
  return isShifted(shift) ? [shiftText(shift)] : [];
}

function rankingWords({ image, control }: Evaluation): string[] {
  if (image === undefined) return [];
  const beside =
    control.image === undefined ? '' : ` (untrained control: ${percent(control.image.auroc)})`;
  return [
    `Of a defective and a good image drawn at random, the defective one has the higher score in ${percent(image.auroc)} of all cases${beside}.`,
  ];
}

function thresholdWords({ image, threshold }: Evaluation, { calibration }: Manifest): string[] {
  const { detectionRate = 1 } = threshold;
  if (image === undefined || image.auroc < GOOD_RANKING || detectionRate >= 0.5) return [];
  if (isShifted(threshold.shift)) {
    return [
      'The scores tell good from bad, but the threshold, set on good images unlike these, lies above those of most defects. Calibrate with good images as the line makes them now.',
    ];
  }
  const { setBy } = calibration;
  const which = setBy.length === 1 ? 'the image that sets it' : 'the images that set it';
  return [
    `The scores tell good from bad, but the threshold lies above those of most defects. Look at ${which} (below): dirt or a defect on one of them hides every weaker defect. A higher --false-alarm-rate finds more.`,
  ];
}

type Manifest = ReportContent['manifest'];

function trainingWords({ training }: Manifest): string[] {
  return training.heldOut?.learned === false
    ? ['This surface was not learned: the model uses the features of the untrained network.']
    : [];
}
