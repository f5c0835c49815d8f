import type { Pixels } from '../frame/pixels.js';

/** Side of the paper's patch and of what one cell of the network sees, in pixels (CutPaste §4.2). */
export const PATCH_SIDE = 64;

/** Distance of neighbouring cells, in pixels (CutPaste §4.2: "stride of 4"). */
export const STRIDE = 4;

/** Both ends included. */
export type Range = readonly [low: number, high: number];

/**
 * What the classifier tells apart (CutPaste §2.2, Table 5). `cutpaste`, `scar`: normal against one
 * augmentation; `union`: normal against either of both; `3-way`: normal, CutPaste, CutPaste-Scar.
 */
export type Variant = 'cutpaste' | 'scar' | 'union' | '3-way';

/**
 * Largest change of each kind, as torchvision's `ColorJitter` has it: factors of [1 − s, 1 + s] for
 * brightness, contrast and saturation, a shift of [−s, s] turns of the colour circle for hue.
 */
export interface JitterOptions {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

/** The paper's: all four kinds, 0.1 at most (CutPaste A.2, Table 8). */
export const PAPER_JITTER: JitterOptions = {
  brightness: 0.1,
  contrast: 0.1,
  saturation: 0.1,
  hue: 0.1,
};

/**
 * The paper's without hue, as the dense recipe was measured: a tenth of the colour circle turns red
 * into orange, which on a coloured product is a defect of its own.
 */
export const DENSE_JITTER: JitterOptions = { ...PAPER_JITTER, hue: 0 };

/** The patch of CutPaste (§2.1, A.2). */
export interface CutPasteOptions {
  /** Area as a share of `reference`². */
  readonly area: Range;
  /** Width over height. */
  readonly aspect: Range;
  /**
   * How the aspect ratio is drawn; the paper names the two sides of 1 but no distribution.
   * `log-uniform`: a wide patch and a tall one of the same shape are equally likely; what the
   * recipe was measured with. `two-sided`: the paper's (0.3, 1) ∪ (1, 3.3) read literally, a side
   * of 1 by a fair coin and uniform within it, so that tall patches are nearer to the square.
   */
  readonly aspectDraw: 'log-uniform' | 'two-sided';
  /** Side of the image that `area` refers to, in pixels: the paper's crop, also in larger crops. */
  readonly reference: number;
}

export const CUTPASTE: CutPasteOptions = {
  area: [0.02, 0.15],
  aspect: [0.3, 3.3],
  aspectDraw: 'log-uniform',
  reference: PATCH_SIDE,
};

/**
 * The patch of CutPaste-Scar (§2.2, A.2), in pixels of the crop. For hair-thin defects such as
 * cracks, width [1, 5] and length [10, 50] measured better than the paper's.
 */
export interface ScarOptions {
  /** Extent along x before rotation, whole pixels. */
  readonly width: Range;
  /** Extent along y before rotation, whole pixels. */
  readonly length: Range;
  /** Largest rotation to either side, in degrees. */
  readonly rotation: number;
}

export const SCAR: ScarOptions = { width: [2, 16], length: [10, 25], rotation: 45 };

/** What both kinds of batch are made from. */
export interface BatchOptions {
  /** Good training images, one at least, each at least 64 px wide and high. */
  readonly images: readonly Pixels[];
  /** Samples in the batch. */
  readonly count: number;
  readonly variant: Variant;
  readonly seed: number;
  /** The batch depends on `seed` and `step` only, so training can resume at any step. */
  readonly step: number;
  /** Jitter of the whole crop, before the paste; the paper names no strengths (§2.1, A.1). */
  readonly cropJitter?: JitterOptions;
  /** Jitter of the patch between cut and paste (A.2). */
  readonly patchJitter?: JitterOptions;
  /** Overrides of `CUTPASTE`. */
  readonly cutPaste?: Partial<CutPasteOptions>;
  /** Overrides of `SCAR`. */
  readonly scar?: Partial<ScarOptions>;
}

/** One crop, one label (CutPaste Eq. 3); both jitters default to `PAPER_JITTER`. */
export interface LiteralOptions extends BatchOptions {
  /** Side of the crops; the image's own side gives the image-level model. Default 64. */
  readonly side?: number;
}

/** Larger crops, a label per cell; both jitters default to `DENSE_JITTER`. */
export interface DenseOptions extends BatchOptions {
  /** Side of the crops, a multiple of 4 from 64 on. Default 128. */
  readonly side?: number;
  /** Pastes a crop can have. Default 2. */
  readonly slots?: number;
  /** Probability that a slot is used. Default 0.75. */
  readonly probability?: number;
}
