import test from 'ava';
import {
  alignmentAdvice,
  exposureAdvice,
  learnedLines,
  notLearnedLines,
  tooFewImages,
} from '../../src/cli/training-advice.js';
import { MANIFEST } from '../model/sample-model.js';

test('too few images: what the rate needs and what can be promised', (t) => {
  t.deepEqual(tooFewImages(50, 0.05), []); // 23 held out, 4 to standardise, 19 for the threshold
  t.deepEqual(tooFewImages(24, 0.05), [
    'warning: too few images: 9 of 24 set the threshold, a false-alarm rate of 5 % needs 19 and so 50 images; 10 % is the least that can be promised',
  ]);
  t.regex(
    tooFewImages(50, 0.01)[0],
    /a false-alarm rate of 1 % needs 99 and so 273 images; 5 % is/,
  );
});

test('a density for each place is suggested to aligned products, and doubted for others', (t) => {
  t.regex(alignmentAdvice(0.92, undefined)[0], /explains 92 % .* --density location/);
  t.regex(alignmentAdvice(0.02, 'location')[0], /^warning: --density location .* explains 2 %/);
  t.regex(alignmentAdvice(-0.01, 'location')[0], / explains 0 %/);
  for (const [share, density] of [
    [0.02, undefined],
    [0.92, 'location'],
    [0.92, 'gaussian'],
  ] as const) {
    t.deepEqual(alignmentAdvice(share, density), []);
  }
});

test('overexposed pixels, as it is and in the strongest light that is tolerated', (t) => {
  t.deepEqual(exposureAdvice({ now: 0.001, stronger: 0.019 }, 0.2), []);
  t.regex(
    exposureAdvice({ now: 0.001, stronger: 0.05 }, 0.2)[0],
    /light 20 % stronger, 5 % of the/,
  );
  t.regex(
    exposureAdvice({ now: 0.03, stronger: 0.05 }, 0.2)[0],
    /^warning: 3 % .* are overexposed/,
  );
});

test('what came of the training', (t) => {
  const heldOut = { loss: 0.6, accuracy: 0.712, chance: 1 / 3, learned: true };
  t.deepEqual(learnedLines({ ...MANIFEST.training, heldOut }), [
    'Learned: 71 % of pasted defects and good places told right on held-out images (chance: 33 %)',
  ]);
  const failed = { ...heldOut, accuracy: 0.34, learned: false };
  const [first, second] = learnedLines({ ...MANIFEST.training, steps: 20, heldOut: failed });
  t.regex(first, /^warning: this surface was not learned: 34 % .* \(chance: 33 %\)$/);
  t.regex(second, /^ {2}the untrained features are used\. More than 20 steps/);
  t.deepEqual(learnedLines(MANIFEST.training), []);
});

test('what an image-level detector uses that was not learned: the weights that it was given', (t) => {
  const heldOut = { loss: 0.6, accuracy: 0.34, chance: 1 / 3, learned: false };
  const about = (more: object) =>
    learnedLines({ ...MANIFEST.training, steps: 9, heldOut, ...more });
  const given = about({ labels: 'frame', init: 'a'.repeat(64) });
  t.regex(given[1], /^ {2}the features of --init are used\. More than 9 steps or more images may/);
  t.regex(about({ labels: 'crop' })[1], /More than 9 steps, --labels cell or more images may help/);
});

test('a camera of the synthetic line that was not learned', (t) => {
  const heldOut = { loss: 0.6, accuracy: 0.34, chance: 1 / 3, learned: false };
  const [line, ...more] = notLearnedLines('metal-1', { ...MANIFEST.training, heldOut });
  t.regex(line, /^warning: metal-1 was not learned: 34 % .* the untrained features are used/);
  t.deepEqual(more, []);
  const learned = { ...heldOut, learned: true };
  t.deepEqual(notLearnedLines('metal-1', { ...MANIFEST.training, heldOut: learned }), []);
  t.deepEqual(notLearnedLines('metal-1', { ...MANIFEST.training, steps: 0 }), []);
});
