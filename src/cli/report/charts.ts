/** Curves and histograms, or what is missing for them. */
import { percent } from '../format.js';
import type { ReportContent } from './content.js';
import { curveChart } from './curve-chart.js';
import { binsFor, histogram } from './histogram.js';
import { type Html, html } from './html.js';

export function curvesSection({ evaluation, curves }: ReportContent): Html {
  const { image, pixel, control, threshold } = evaluation;
  const { falseAlarmRate: x, detectionRate: y } = threshold;
  const { model, control: other } = curves;
  const imageChart =
    image && model.image
      ? figure(
          'Images: found over false alarms',
          areas('Area (AUROC)', image.auroc, control.image?.auroc),
          curveChart({
            title: `ROC curve of the images, area ${percent(image.auroc)}`,
            limit: 1,
            xLabel: 'false alarms',
            yLabel: 'found',
            model: model.image,
            control: other.image,
            ...(x !== undefined && y !== undefined && { point: { x, y } }),
            chance: true,
          }),
        )
      : missing('Images: found over false alarms', 'it takes good and defective test images');
  const needsMasks = 'no defective test image has a mask in ground_truth/<defect>';
  const overlapChart =
    pixel && model.pixel
      ? figure(
          'Places: overlap with the defects (PRO)',
          areas('Area up to 30 % (AUPRO)', pixel.aupro30, control.pixel?.aupro30),
          curveChart({
            title: `Per-region overlap, area up to 30 % ${percent(pixel.aupro30)}`,
            limit: 0.3,
            xLabel: 'good pixels marked',
            yLabel: 'of each defect covered',
            model: model.pixel.pro,
            control: other.pixel?.pro,
          }),
        )
      : missing('Places: overlap with the defects (PRO)', needsMasks);
  const pixelChart =
    pixel && model.pixel
      ? figure(
          'Pixels: ROC',
          areas('Area (AUROC)', pixel.auroc, control.pixel?.auroc),
          curveChart({
            title: `ROC curve of the pixels, area ${percent(pixel.auroc)}`,
            limit: 1,
            xLabel: 'good pixels marked',
            yLabel: 'defective pixels marked',
            model: model.pixel.roc,
            control: other.pixel?.roc,
            chance: true,
          }),
        )
      : missing('Pixels: ROC', needsMasks);
  return html`<section><h2>Curves</h2>
<p class="legend"><span class="key model"></span> model <span class="key control"></span> untrained control <span class="key point"></span> this threshold</p>
<div class="charts">${[imageChart, overlapChart, pixelChart]}</div></section>`;
}

/** One histogram for good images and one for each kind of defect, all on the same axis. */
export function histogramsSection({ frames, evaluation }: ReportContent): Html {
  const { value } = evaluation.threshold;
  const bins = binsFor(
    frames.map(({ score }) => score),
    value,
  );
  const last = value + bins.above * bins.width;
  const beyond = frames.filter(({ score }) => score > last + 1e-9 * Math.abs(last)).length;
  const one = (kind: string, tone: 'good' | 'defect') => {
    const scores = frames.filter((frame) => frame.kind === kind).map(({ score }) => score);
    const above = scores.filter((score) => score > value).length;
    const text = `${above} of ${scores.length} above the threshold`;
    return figure(kind, text, histogram(`Scores of ${kind}: ${text}`, bins, scores, tone));
  };
  const kinds = evaluation.threshold.kinds.map(({ kind }) => kind);
  const good =
    evaluation.frames.good > 0 ? one('good', 'good') : missing('good', 'test/good has no images');
  const defects =
    kinds.length > 0
      ? kinds.map((kind) => one(kind, 'defect'))
      : [missing('defects', 'there is no test/<defect> with images')];
  return html`<section><h2>Scores</h2>
<p>How many images have which score. Right of the line (${value.toFixed(2)}), in full colour, they are called defective.${beyond > 0 ? ` The last bar also counts the ${beyond} images beyond the right edge.` : ''}</p>
<div class="charts">${[good, ...defects]}</div></section>`;
}

function areas(what: string, model: number, control: number | undefined): string {
  const beside = control === undefined ? '' : `, control ${percent(control)}`;
  return `${what}: ${percent(model)}${beside}`;
}

function figure(title: string, caption: string, chart: Html): Html {
  return html`<figure class="chart"><figcaption><b>${title}</b> <span>${caption}</span></figcaption>${chart}</figure>`;
}

function missing(title: string, why: string): Html {
  return html`<figure class="chart"><figcaption><b>${title}</b></figcaption><p class="none">Not measured: ${why}.</p></figure>`;
}
