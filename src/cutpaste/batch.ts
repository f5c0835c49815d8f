import type { Pixels } from '../frame/pixels.js';
import { Random } from '../random.js';
import { type Crop, cropSide, drawCrop } from './crop.js';
import { jitter } from './jitter.js';
import { cellsAlong, labelCells } from './labels.js';
import {
  type BatchOptions,
  CUTPASTE,
  type CutPasteOptions,
  DENSE_JITTER,
  type DenseOptions,
  type JitterOptions,
  type LiteralOptions,
  PAPER_JITTER,
  PATCH_SIDE,
  SCAR,
  type ScarOptions,
  type Variant,
} from './options.js';
import { cutAndPaste } from './paste.js';
import { drawCutPaste, drawScar, place } from './patch.js';

/** What one training step learns from. */
export interface Batch {
  /** [n, side, side, 3], 0…1 */
  readonly pixels: Float32Array;
  /** [n, cells, cells]; one cell a crop in the paper's batch; −1: ignored */
  readonly labels: Int32Array;
  readonly side: number;
  readonly cells: number;
  readonly classes: number;
}

/** An augmentation and the class that it stands for. */
interface Augmentation {
  readonly kind: 'cutpaste' | 'scar';
  readonly label: number;
}

/** The pretext tasks of CutPaste §2.2 and Table 5; class 0 is the normal crop. */
const AUGMENTATIONS: Readonly<Record<Variant, readonly Augmentation[]>> = {
  cutpaste: [{ kind: 'cutpaste', label: 1 }],
  scar: [{ kind: 'scar', label: 1 }],
  union: [
    { kind: 'cutpaste', label: 1 },
    { kind: 'scar', label: 1 },
  ],
  '3-way': [
    { kind: 'cutpaste', label: 1 },
    { kind: 'scar', label: 2 },
  ],
};

/** Classes that a variant tells apart. */
export function classesOf(variant: Variant): number {
  return 1 + Math.max(...AUGMENTATIONS[variant].map(({ label }) => label));
}

/**
 * The paper's batch (CutPaste §2.1, §2.4 Eq. 3): crops c(x) with one label each. As in the equation
 * the classes share their crop: sample n has label n mod classes, and each run of `classes` samples
 * is one jittered crop, first as it is, then once with a paste of each class. `count` is the whole
 * batch (A.1: 64 for two classes, 96 for three).
 *
 * @throws PatchlineError PL_IMAGE_SIZE (usage) where an image is smaller than 64 px, PL_USAGE where
 * a patch of the options does not fit into the crop
 */
export function literalBatch(options: LiteralOptions): Batch {
  const random = Random.for(options.seed, 'batch', options.step);
  const side = cropSide(options.images, options.side ?? PATCH_SIDE);
  const recipe = recipeOf(options, PAPER_JITTER, side);
  const batch = emptyBatch(options, side, 1);
  for (let n = 0; n < options.count; n++) {
    const label = n % batch.classes;
    const crop = cropOf(batch, n);
    batch.labels[n] = label;
    if (label === 0) {
      fillCrop(crop, options.images, recipe, random);
    } else {
      crop.data.set(cropOf(batch, n - label).data);
      const choices = AUGMENTATIONS[options.variant].filter((choice) => choice.label === label);
      augment(crop, random.pick(choices), recipe, random);
    }
  }
  return batch;
}

/**
 * The same task at a fraction of the cost: larger crops, several pastes in each (the sizes stay
 * those of a 64-px crop), and a label per cell (`labelCells`). Every cell is a 64-px crop of
 * CutPaste §2.4 whose arithmetic its neighbours share. A later paste covers an earlier one.
 *
 * @throws PatchlineError PL_IMAGE_SIZE (usage) where an image is smaller than 64 px, PL_USAGE where
 * a patch of the options does not fit into the crop
 */
export function denseBatch(options: DenseOptions): Batch {
  const { images, variant, slots = 2, probability = 0.75 } = options;
  const random = Random.for(options.seed, 'batch', options.step);
  const side = cropSide(images, options.side ?? 2 * PATCH_SIDE);
  const recipe = recipeOf(options, DENSE_JITTER, PATCH_SIDE);
  const batch = emptyBatch(options, side, cellsAlong(side));
  const mask = new Uint8Array(side * side);
  for (let n = 0; n < options.count; n++) {
    const crop = cropOf(batch, n);
    fillCrop(crop, images, recipe, random);
    mask.fill(0);
    for (let slot = 0; slot < slots; slot++) {
      if (random.uniform() >= probability) continue;
      augment(crop, random.pick(AUGMENTATIONS[variant]), recipe, random, mask);
    }
    labelCells(mask, side, batch.classes, labelsOf(batch, n));
  }
  return batch;
}

/** The options of a batch with the defaults filled in. */
interface Recipe {
  readonly cropJitter: JitterOptions;
  readonly patchJitter: JitterOptions;
  readonly cutPaste: CutPasteOptions;
  readonly scar: ScarOptions;
}

function recipeOf(options: BatchOptions, jitter: JitterOptions, reference: number): Recipe {
  return {
    cropJitter: options.cropJitter ?? jitter,
    patchJitter: options.patchJitter ?? jitter,
    cutPaste: { ...CUTPASTE, reference, ...options.cutPaste },
    scar: { ...SCAR, ...options.scar },
  };
}

function fillCrop(crop: Crop, images: readonly Pixels[], recipe: Recipe, random: Random): void {
  drawCrop(random.pick(images), crop.side, random, crop.data);
  jitter(crop.data, recipe.cropJitter, random);
}

function augment(
  crop: Crop,
  { kind, label }: Augmentation,
  recipe: Recipe,
  random: Random,
  mask?: Uint8Array,
): void {
  const shape =
    kind === 'cutpaste' ? drawCutPaste(random, recipe.cutPaste) : drawScar(random, recipe.scar);
  const placement = place(shape, crop.side, random);
  cutAndPaste(crop, placement, recipe.patchJitter, random, mask, label);
}

function emptyBatch({ count, variant }: BatchOptions, side: number, cells: number): Batch {
  return {
    pixels: new Float32Array(count * side * side * 3),
    labels: new Int32Array(count * cells * cells),
    side,
    cells,
    classes: classesOf(variant),
  };
}

/** Crop `n` of the batch, in the batch's own memory. */
function cropOf({ pixels, side }: Batch, n: number): Crop {
  const size = side * side * 3;
  return { side, data: pixels.subarray(n * size, (n + 1) * size) };
}

function labelsOf({ labels, cells }: Batch, n: number): Int32Array {
  return labels.subarray(n * cells * cells, (n + 1) * cells * cells);
}
