/**
 * The report as one file: no script, no font, no address. Its policy allows nothing but its own
 * style, by digest, and pictures that are inside it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PATCHLINE_VERSION } from '../../version.js';
import { curvesSection, histogramsSection } from './charts.js';
import type { ReportContent } from './content.js';
import { Html, html } from './html.js';
import { mistakesSection } from './mistakes.js';
import { factsSection, kindsSection, metricsSection } from './tables.js';
import { verdictSection } from './verdict.js';

export function reportPage(content: ReportContent): string {
  const css = readFileSync(new URL('./report.css', import.meta.url), 'utf8');
  const digest = createHash('sha256').update(css).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const { dataset, model, frames } = content.evaluation;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${dataset}: how good is ${model.name}?</title>
<link rel="icon" href="data:,">
<style>${new Html(css)}</style>
</head>
<body>
<header><p class="brand">Patchline</p>
<h1><bdi>${dataset}</bdi>: how good is the model <bdi>${model.name}</bdi>?</h1>
<p>Measured on ${frames.good} good and ${frames.anomalous} defective images${frames.withoutMask > 0 ? `, ${frames.withoutMask} of them without a mask` : ''}.</p></header>
<main>
${verdictSection(content)}
${histogramsSection(content)}
${kindsSection(content)}
${mistakesSection(content)}
${curvesSection(content)}
${metricsSection(content)}
${factsSection(content)}
${howToRead()}
</main>
<footer>patchline ${PATCHLINE_VERSION}. This file is whole: it asks nothing of any network.</footer>
</body>
</html>
`.markup;
}

function howToRead(): Html {
  return html`<section><h2>How to read this</h2>
<dl class="facts">
<div><dt>Score</dt><dd>One number for each image: how strange its strangest places are to a model that knows good images only. Above the threshold it is called defective.</dd></div>
<div><dt>Interval</dt><dd>Few images say little: the true rate lies within the 95 % interval (Wilson, binomial) in 95 of 100 such tests. 0 of 40 can still mean 8 %.</dd></div>
<div><dt>AUROC</dt><dd>Area under the curve of found over false alarms, whatever the threshold: 100 % is perfect, 50 % a guess.</dd></div>
<div><dt>AUPRO</dt><dd>How much of each defect is covered, averaged over the defects, while up to 30 % (or 5 %) of the good pixels are marked: a scratch counts as much as a stain.</dd></div>
<div><dt>Control</dt><dd>The same network untrained, with the paper's readout, fitted on the same images. Training has to earn the difference.</dd></div>
<div><dt>Colours</dt><dd>The map is clear where the image looks good, yellow towards the threshold, and orange to magenta above it, with a white line at the threshold. A striped border: called defective; a plain green one: called good.</dd></div>
</dl></section>`;
}
