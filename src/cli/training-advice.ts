/** What a user should know before minutes are spent on a training, and what came of it. */

import { imagesNeeded, splitSizes } from '../learn/split.js';
import { heldOutNeeded } from '../localize/calibrate.js';
import type { Manifest } from '../model/manifest.js';
import { startingFeatures } from './describe.js';
import { count, percent } from './format.js';

/** From here on more than half of what differs within a frame is the same in every frame. */
const ALIGNED = 0.5;

/** @returns nothing where the images are enough for the rate */
export function tooFewImages(images: number, alpha: number): string[] {
  const { calibrate } = splitSizes(images);
  const needed = heldOutNeeded(alpha);
  if (calibrate >= needed) return [];
  const promised = percent(1 / (calibrate + 1));
  return [
    `warning: too few images: ${calibrate} of ${images} set the threshold, a false-alarm rate of ${percent(alpha)} needs ${needed} and so ${count(imagesNeeded(needed), 'image')}; ${promised} is the least that can be promised`,
  ];
}

/** From here on a defect has a fair chance to lie where nothing can be seen. */
const BRIGHT = 0.02;

/**
 * @param clipped what `clippedShare` says of the light as it is, and of the strongest tolerated
 * @param light how much stronger that is
 */
export function exposureAdvice(
  clipped: { readonly now: number; readonly stronger: number },
  light: number,
): string[] {
  const unseen = 'and what clips hides every defect on it: expose less';
  if (clipped.now >= BRIGHT) {
    return [`warning: ${percent(clipped.now, 0)} of the pixels are overexposed, ${unseen}`];
  }
  if (clipped.stronger < BRIGHT) return [];
  return [
    `warning: in light ${percent(light, 0)} stronger, ${percent(clipped.stronger, 0)} of the pixels would be overexposed, ${unseen}`,
  ];
}

/**
 * @param share what `placeShare` says
 * @param density undefined where the user has chosen none
 */
export function alignmentAdvice(share: number, density: string | undefined): string[] {
  const explains = `the place in the frame explains ${percent(Math.max(0, share), 0)} of what differs within a frame`;
  if (share >= ALIGNED && density === undefined) {
    return [
      `The product lies the same way in all images (${explains}): with --density location each place has a density of its own, which alone sees what is missing`,
    ];
  }
  if (share < ALIGNED && density === 'location') {
    return [
      `warning: --density location is for products that always lie the same way; here ${explains}`,
    ];
  }
  return [];
}

/** Whether training has earned its cost. */
export function learnedLines(training: Manifest['training']): string[] {
  const { heldOut, steps, labels } = training;
  if (heldOut === undefined) return [];
  if (heldOut.learned) return [`Learned: ${toldRight(heldOut)}`];
  const byCell = labels === 'crop' ? ', --labels cell' : '';
  return [
    `warning: this surface was not learned: ${toldRight(heldOut)}`,
    `  the ${startingFeatures(training)} are used. More than ${count(steps, 'step')}${byCell} or more images may help; else --steps 0 gives the same at once`,
  ];
}

/** The same of a camera of the synthetic line; nothing where it was learned, or was not to be. */
export function notLearnedLines(camera: string, training: Manifest['training']): string[] {
  const { heldOut } = training;
  if (heldOut?.learned !== false) return [];
  return [
    `warning: ${camera} was not learned: ${toldRight(heldOut)}; the ${startingFeatures(training)} are used, which show places nearly as well and tell bad frames apart less well: more --steps may help`,
  ];
}

function toldRight({ accuracy, chance }: NonNullable<Manifest['training']['heldOut']>): string {
  return `${percent(accuracy, 0)} of pasted defects and good places told right on held-out images (chance: ${percent(chance, 0)})`;
}
