/** The worst misses and false alarms, as pictures. */
import { count } from '../format.js';
import type { Mistake, Mistakes, ReportContent } from './content.js';
import { type Html, html } from './html.js';

export function mistakesSection({ evaluation, misses, falseAlarms }: ReportContent): Html {
  const { good, anomalous } = evaluation.frames;
  return html`<section><h2>Worst misses</h2>
${list(misses, anomalous, 'defective', 'Every defective image was found.', 'lowest', 'missed', evaluation.threshold.value)}
</section>
<section><h2>Worst false alarms</h2>
${list(falseAlarms, good, 'good', 'No good image was called defective.', 'highest', 'called defective', evaluation.threshold.value)}
</section>`;
}

function list(
  { count: total, shown }: Mistakes,
  images: number,
  kind: string,
  none: string,
  end: string,
  what: string,
  threshold: number,
): Html {
  if (images === 0)
    return html`<p class="none">Not measured: there are no ${kind} test images.</p>`;
  if (total === 0) return html`<p>${none}</p>`;
  const which =
    shown.length < total ? `; the ${shown.length} with the ${end} scores are shown` : '';
  return html`<p>${count(total, `${kind} image`)} ${what}${which}. Left the image${shown.some(({ hasMask }) => hasMask) ? ' with the outline of its mask' : ''}, right its map: yellow towards the threshold, red above it.</p>
<div class="mistakes">${shown.map((mistake) => card(mistake, threshold))}</div>`;
}

function card(
  { name, kind, good, score, width, height, picture, overlay }: Mistake,
  threshold: number,
): Html {
  const share = threshold > 0 ? `, ${(score / threshold).toFixed(2)} × threshold` : '';
  return html`<figure class="mistake"><div class="pair">
<img src="${picture}" width="${width}" height="${height}" alt="${kind}, ${name}">
<img src="${overlay}" width="${width}" height="${height}" alt="Its anomaly map">
</div><figcaption><bdi>${good ? name : `${kind}/${name}`}</bdi> <span>score ${score.toFixed(2)}${share}</span></figcaption></figure>`;
}
