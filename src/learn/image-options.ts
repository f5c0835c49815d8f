/** How the paper's image-level detector is learned (CutPaste §2–4, A.1, A.2). */
import type { ScarOptions, Variant } from '../cutpaste/options.js';
import { SCAR } from '../cutpaste/options.js';
import type { InitialWeights } from '../cutpaste/resnet18/init.js';
import type { Size } from '../frame/pixels.js';

export interface ImageLearnOptions {
  /** Updates of the network; 0 keeps the weights that it starts with. The paper: 65,536. */
  readonly steps: number;
  readonly seed: number;
  readonly variant: Variant;
  /** Good and pasted frames in a step. The paper: 96 of three classes, 64 of two. */
  readonly batch: number;
  /** The false-alarm rate that the threshold is to promise. */
  readonly alpha: number;
  /** Weights to start from; without them random ones. */
  readonly init?: { readonly weights: InitialWeights; readonly sha256: string };
}

/** What two cores can do in an hour; the paper's own figures are options away. */
export const IMAGE_BATCH = 24;

/** Longest side of the frames by default: a quarter of the arithmetic of the paper's 256 px. */
export const IMAGE_SIDE = 128;
/** Shortest and longest side that it learns. */
export const IMAGE_SIDES = { least: 76, most: 1024 };

/** The frames of the paper, which its sizes in pixels are meant for. */
const PAPER_SIDE = 256;

/**
 * The "random translation" of §2.1, whose extent the paper does not state: crops of seven eighths of
 * the shorter side, in whole steps of 4 px. Longer frames are seen by parts, and judged as a whole.
 */
export function trainingSide({ width, height }: Size): number {
  const side = (7 / 8) * Math.min(width, height);
  return side - (side % 4);
}

/** The scars of A.2, as much smaller or larger as the frames are. */
export function scarsFor({ width, height }: Size): ScarOptions {
  const scale = Math.min(width, height) / PAPER_SIDE;
  const scaled = (px: number): number => Math.max(1, Math.round(px * scale));
  return {
    ...SCAR,
    width: [scaled(SCAR.width[0]), scaled(SCAR.width[1])],
    length: [scaled(SCAR.length[0]), scaled(SCAR.length[1])],
  };
}
