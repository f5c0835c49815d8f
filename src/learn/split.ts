import { PatchlineError } from '../errors.js';
import { Random } from '../random.js';

/** Three sets of good images that share none. */
export interface Split<T> {
  /** The network and the densities see these. */
  readonly fit: readonly T[];
  /** Mean and deviation of the scores come from these. */
  readonly standardise: readonly T[];
  /** The threshold comes from these alone: that makes its promise hold. */
  readonly calibrate: readonly T[];
}

export const MIN_IMAGES = 4;

/** Share of the images that is held out of network and density, which more images hardly improve. */
const HELD_OUT = 0.45;
const MIN_HELD_OUT = 6;

/**
 * Splits good images by the seed: 45 % are held out (at least 6, at most half), a fifth of them to
 * standardise scores, the others to calibrate the threshold: each image has thousands of cells for
 * the former, but only one score for the latter. With few of these the threshold is the highest
 * score of all, and one soiled image among them hides every defect.
 *
 * @throws PL_DATASET with fewer than 4 images
 */
export function splitImages<T>(images: readonly T[], seed: number): Split<T> {
  if (images.length < MIN_IMAGES) {
    throw new PatchlineError(
      'PL_DATASET',
      `${images.length} good images are too few to learn from`,
      {
        disposition: 'usage',
        hint: `give at least ${MIN_IMAGES}; a false-alarm rate of 5 % needs ${imagesNeeded(19)}, a rate of 1 % needs ${imagesNeeded(99)}`,
      },
    );
  }
  const order = Random.for(seed, 'split').shuffled(images);
  const { standardise, calibrate } = splitSizes(order.length);
  return {
    standardise: order.slice(0, standardise),
    calibrate: order.slice(standardise, standardise + calibrate),
    fit: order.slice(standardise + calibrate),
  };
}

/** How many of `images` are held out for each purpose. */
export function splitSizes(images: number): { standardise: number; calibrate: number } {
  const wanted = Math.max(MIN_HELD_OUT, Math.round(HELD_OUT * images));
  const heldOut = Math.min(wanted, Math.floor(images / 2));
  const standardise = Math.max(Math.min(2, heldOut - 1), Math.floor(heldOut / 5));
  return { standardise, calibrate: heldOut - standardise };
}

/** The fewest images of which `calibrate` are for the threshold. */
export function imagesNeeded(calibrate: number): number {
  let images = MIN_IMAGES;
  while (splitSizes(images).calibrate < calibrate) images++;
  return images;
}
