import { PatchlineError } from '../errors.js';
import type { Random } from '../random.js';
import { CUTPASTE, type CutPasteOptions, SCAR, type ScarOptions } from './options.js';

/** A rectangle to cut: whole pixels, turned by `angle` (radians, clockwise on screen) when pasted. */
export interface PatchShape {
  readonly width: number;
  readonly height: number;
  readonly angle: number;
}

/** A patch with its place at source and target, both whole inside the crop. */
export interface Placement extends PatchShape {
  /** Left and top edge of the upright rectangle that is cut, whole pixels. */
  readonly sourceX: number;
  readonly sourceY: number;
  /** Centre of the pasted rectangle; pixel (i, j) covers [j, j+1] × [i, i+1], so (0, 0) is a corner. */
  readonly centreX: number;
  readonly centreY: number;
}

/** The patch of CutPaste (§2.1, A.2): area 2–15 % of the reference, aspect ratio 0.3–3.3, upright. */
export function drawCutPaste(random: Random, options: CutPasteOptions = CUTPASTE): PatchShape {
  const area = random.uniform(...options.area) * options.reference ** 2;
  const aspect = drawAspect(random, options);
  return {
    width: Math.max(1, Math.round(Math.sqrt(area * aspect))),
    height: Math.max(1, Math.round(Math.sqrt(area / aspect))),
    angle: 0,
  };
}

function drawAspect(random: Random, { aspect, aspectDraw }: CutPasteOptions): number {
  const [low, high] = aspect;
  switch (aspectDraw) {
    case 'log-uniform':
      return Math.exp(random.uniform(Math.log(low), Math.log(high)));
    case 'two-sided':
      return random.uniform() < 0.5 ? random.uniform(low, 1) : random.uniform(1, high);
  }
}

/** The patch of CutPaste-Scar (§2.2, A.2): a thin rectangle, 2–16 × 10–25 px, turned by up to 45°. */
export function drawScar(random: Random, options: ScarOptions = SCAR): PatchShape {
  return {
    width: random.integer(...options.width),
    height: random.integer(...options.length),
    angle: (random.uniform(-options.rotation, options.rotation) * Math.PI) / 180,
  };
}

/**
 * Draws where a patch is cut and where it is pasted (CutPaste A.2: the whole patch lies inside the
 * image at both). Upright patches land on whole pixels, so that they are copied exactly.
 *
 * @throws PatchlineError PL_USAGE where the patch does not fit into the crop
 */
export function place(shape: PatchShape, side: number, random: Random): Placement {
  const { width, height, angle } = shape;
  const extent = pastedExtent(shape);
  if (Math.max(width, height, extent.x, extent.y) > side) {
    throw new PatchlineError(
      'PL_USAGE',
      `a patch of ${width}×${height} px turned by ${Math.round((angle * 180) / Math.PI)}° does not fit into a crop of ${side} px`,
      { disposition: 'usage', hint: 'make the patches smaller or the crops larger' },
    );
  }
  return {
    ...shape,
    sourceX: random.integer(0, side - width),
    sourceY: random.integer(0, side - height),
    centreX: drawCentre(extent.x, angle === 0, side, random),
    centreY: drawCentre(extent.y, angle === 0, side, random),
  };
}

function drawCentre(extent: number, upright: boolean, side: number, random: Random): number {
  const room = side - extent;
  return extent / 2 + (upright ? random.integer(0, room) : random.uniform(0, room));
}

/** Width and height of the upright box around the pasted rectangle, in pixels. */
export function pastedExtent({ width, height, angle }: PatchShape): { x: number; y: number } {
  const cos = Math.abs(Math.cos(angle));
  const sin = Math.abs(Math.sin(angle));
  return { x: width * cos + height * sin, y: width * sin + height * cos };
}
