import test from 'ava';
import { reportPage } from '../../../src/cli/report/page.js';
import { type Sample, sampleContent } from './content.js';

const page = (sample: Sample = {}) => reportPage(sampleContent(sample));
/** As it is read: without tags, entities of the names put back. */
const textOf = (markup: string) =>
  markup
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replace(/\s+/g, ' ');

test('verdicts in plain words with their intervals', (t) => {
  const content = sampleContent();
  const { falseAlarms, detected, falseAlarmInterval } = content.evaluation.threshold;
  const text = textOf(reportPage(content));
  t.true(text.includes(`${falseAlarms} of 20 good images were called defective`));
  t.true(text.includes(`${detected} of 24 defective images were called defective`));
  const [low, high] = (falseAlarmInterval ?? []).map((rate) => Number((100 * rate).toFixed(1)));
  t.true(text.includes(`95 % interval: ${low} % to ${high} %`));
  for (const fact of [
    'a1'.repeat(32),
    'seed 1',
    'onnx',
    '2026-11-26 16:30 UTC',
    '3.00 for at most',
  ])
    t.true(text.includes(fact), fact);
  t.true(text.includes('These held-out training images score 3.00 or more'));
});

/** What is said of `falseAlarms` in 20, with a threshold from the highest of 19. */
function promise(falseAlarms: number): string {
  const content = sampleContent();
  const rates = { falseAlarms, falseAlarmRate: falseAlarms / 20 };
  const threshold = { ...content.evaluation.threshold, ...rates };
  return textOf(reportPage({ ...content, evaluation: { ...content.evaluation, threshold } }));
}

test('a promise that holds, that may hold and that is broken', (t) => {
  t.regex(promise(1), /Here it holds/);
  // The 2 highest of 39 are among the 20: 20 · 19 / (39 · 38) = 26 %; the 6 highest: 1.2 %.
  t.regex(promise(2), /can be chance: so many or more come in 26 % of such tests/);
  t.regex(promise(6), /hardly by chance \(1.19 %\): the test images differ/);
});

test('good test images unlike the held-out ones are told, others are not', (t) => {
  const { evaluation, ...content } = sampleContent();
  const said = (value: number) => {
    const threshold = { ...evaluation.threshold, shift: { value, limit: 0.3 } };
    return textOf(reportPage({ ...content, evaluation: { ...evaluation, threshold } }));
  };
  t.regex(said(-0.5), /score lower than the held-out .* in 75 % of all pairs .* look better/);
  t.regex(said(0.4), /score higher than the held-out .* in 70 % of all pairs .* look worse/);
  t.notRegex(said(0.3), /good test images score/);
});

test('where most defects are missed in spite of a good ranking: what to look at', (t) => {
  const { evaluation, ...content } = sampleContent();
  const said = (value: number) => {
    const image = { auroc: 0.95, f1Max: 0.9 };
    const threshold = { ...evaluation.threshold, detectionRate: 0.1, shift: { value, limit: 0.3 } };
    return textOf(reportPage({ ...content, evaluation: { ...evaluation, image, threshold } }));
  };
  t.regex(said(0), /above those of most defects\. Look at the image that sets it/);
  t.regex(said(-0.9), /set on good images unlike these, .* Calibrate with good images/);
  t.notRegex(said(-0.9), /Look at the image that sets it/);
});

const MISSING: [string, Sample, RegExp[], RegExp[]][] = [
  [
    'no masks',
    { masks: false },
    [/24 of them without a mask/, /PRO\) Not measured: no defective test image has a mask/],
    [/AUPRO\): /],
  ],
  [
    'no good images',
    { good: 0 },
    [
      /Not measured: there are no images in test\/good/,
      /good Not measured: test\/good has no images/,
      /Not measured: there are no good test images/,
    ],
    [/Here it holds/, /NaN/],
  ],
  [
    'no defects',
    { defective: 0 },
    [
      /Not measured: there are no images in test\/<defect>/,
      /there is no test\/<defect> with images/,
      /There are no defective test images/,
      /Not measured: it takes good and defective test images/,
    ],
    [/NaN/],
  ],
];

for (const [name, sample, said, unsaid] of MISSING) {
  test(`${name}: says what is missing, and draws no empty chart`, (t) => {
    const text = textOf(page(sample));
    for (const words of said) t.regex(text, words);
    for (const words of unsaid) t.notRegex(text, words);
  });
}

test('without a mistake it says so', (t) => {
  const content = sampleContent();
  const none = { count: 0, shown: [] };
  const text = textOf(reportPage({ ...content, misses: none, falseAlarms: none }));
  t.true(text.includes('Every defective image was found.'));
  t.true(text.includes('No good image was called defective.'));
});

test('nothing in it leads outside, and its policy forbids scripts', (t) => {
  const markup = page();
  t.notRegex(
    markup.replace(/http-equiv/, ''),
    /https?:|<script|<link(?! rel="icon" href="data:,")|url\(|@import| style=| on\w+=/,
  );
  t.regex(
    markup,
    /content="default-src &#39;none&#39;; style-src &#39;sha256-[\w+/]+=&#39;; img-src data:;/,
  );
});
