/** Figures and facts as tables. */

import { patchLevel } from '../../detect/image-detector.js';
import type { DetectorMetrics } from '../../evaluate/evaluation.js';
import { auroc } from '../../evaluate/ranking.js';
import type { Manifest } from '../../model/manifest.js';
import { count, percent, percentColumn, size } from '../format.js';
import type { ReportContent, ScoredImage } from './content.js';
import { type Html, html, type Part } from './html.js';

export function metricsSection({ evaluation }: ReportContent): Html {
  const { control } = evaluation;
  const row = (
    label: string,
    meaning: string,
    of: (metrics: DetectorMetrics) => number | undefined,
  ): Part[] => [
    html`<b>${label}</b> <small>${meaning}</small>`,
    cell(of(evaluation)),
    cell(of(control)),
  ];
  const rows = [
    row('Image AUROC', 'defective images score higher than good ones', (m) => m.image?.auroc),
    row('Image F1 max', 'at the best threshold there is', (m) => m.image?.f1Max),
    row('Pixel AUROC', 'defective pixels score higher than good ones', (m) => m.pixel?.auroc),
    row('Pixel AP', 'average precision: what is marked is defective', (m) => m.pixel?.ap),
    row(
      'AUPRO @ 30 %',
      'defects are covered, small ones as much as large ones',
      (m) => m.pixel?.aupro30,
    ),
    row('AUPRO @ 5 %', 'the same with few good pixels marked', (m) => m.pixel?.aupro05),
    row('Pixel F1 max', 'at the best threshold there is', (m) => m.pixel?.f1Max),
  ];
  return html`<section><h2>Figures</h2>${table(['', 'model', 'control'], rows)}</section>`;
}

/** A row for each kind of defect. */
export function kindsSection({ evaluation, frames }: ReportContent): Html {
  const { kinds } = evaluation.threshold;
  if (kinds.length === 0) {
    return html`<section><h2>Kinds of defects</h2><p class="none">There are no defective test images.</p></section>`;
  }
  const good = frames.filter((frame) => frame.good);
  const rows = kinds.map(({ kind, frames: images, detected, detectionRate, detectionInterval }) => {
    const own = frames.filter((frame) => frame.kind === kind);
    const [low, high] = detectionInterval;
    return [
      html`<bdi>${kind}</bdi>`,
      `${detected} of ${images}`,
      percentColumn(detectionRate),
      `${percent(low)} – ${percent(high)}`,
      cell(good.length === 0 ? undefined : aurocOf(good, own)),
      medianOf(own).toFixed(2),
    ];
  });
  const head = ['kind', 'found', '', '95 % interval', 'AUROC', 'median score'];
  return html`<section><h2>Kinds of defects</h2>${table(head, rows)}</section>`;
}

export function factsSection({ evaluation, manifest, at }: ReportContent): Html {
  const { training, calibration, input, createdBy } = manifest;
  const { fit, standardise, calibrate } = training.images;
  const facts: [string, Part][] = [
    ['Model', html`<bdi>${manifest.name}</bdi>`],
    ['Id', html`<code>${evaluation.model.id}</code>`],
    ['Data', html`<bdi>${evaluation.dataset}</bdi>`],
    ['Measured', `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ['Input', `${size(input)} px`],
    ['Trained', trainedText(training)],
    [
      'Good images',
      `${fit} to learn from, ${standardise} to standardise, ${calibrate} for the threshold`,
    ],
    ['Reads', viewsText(manifest)],
    [
      'Threshold',
      `${calibration.threshold.toFixed(2)} for at most ${percent(calibration.alpha)} false alarms (asked for: ${percent(calibration.requestedAlpha)}), from ${count(calibration.n, 'held-out image')}`,
    ],
    ['Back end', `measured with ${evaluation.timing.backend}, trained with ${training.backend}`],
    ['Made by', createdBy],
  ];
  return html`<section><h2>The model</h2>
<dl class="facts">${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
${setBySection(calibration)}</section>`;
}

/** Dirt on one of these hides every weaker defect. */
function setBySection({ setBy, threshold }: Manifest['calibration']): Html {
  return html`<h3>The images that set the threshold</h3>
<p>These held-out training images score ${threshold.toFixed(2)} or more. Make sure that they are good: dirt or a defect on one of them lifts the threshold for all.</p>
<ol class="set-by">${setBy.map(({ image, score }) => html`<li><bdi>${image}</bdi> ${score.toFixed(2)}</li>`)}</ol>`;
}

function trainedText({ steps, seed, variant, labels, heldOut }: Manifest['training']): string {
  if (steps === 0) return `not at all (random weights), seed ${seed}`;
  const held =
    heldOut === undefined
      ? ''
      : `; ${percent(heldOut.accuracy, 0)} of pasted defects and good places told right on held-out images (chance: ${percent(heldOut.chance, 0)})`;
  return `${count(steps, 'step')} of ${variant}, a label for each ${labels}, seed ${seed}${held}`;
}

function viewsText({ detector }: Manifest): string {
  const { views, map } = patchLevel(detector);
  const kinds = [...new Set(views.map(({ density }) => density))];
  const names = views.map(({ name }) => name);
  return `${names.join(', ')}; density: ${kinds.join(', ')}; sigma ${map.sigma} px`;
}

function aurocOf(good: readonly ScoredImage[], defective: readonly ScoredImage[]): number {
  const all = [...good, ...defective];
  return auroc(
    Float64Array.from(all, ({ score }) => score),
    Uint8Array.from(all, (frame) => Number(!frame.good)),
  );
}

function medianOf(images: readonly ScoredImage[]): number {
  const sorted = images.map(({ score }) => score).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

function cell(share: number | undefined): string {
  return share === undefined ? '–' : percentColumn(share);
}

function table(head: readonly string[], rows: readonly (readonly Part[])[]): Html {
  return html`<div class="table" tabindex="0"><table>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(([first, ...others]) => html`<tr><th scope="row">${first}</th>${others.map((value) => html`<td>${value}</td>`)}</tr>`)}</tbody>
</table></div>`;
}
