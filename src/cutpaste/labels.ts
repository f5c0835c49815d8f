import { PATCH_SIDE, STRIDE } from './options.js';

/** The label of a cell that is no clear case: the loss ignores it. */
export const IGNORED = -1;

/** Pasted pixels in this central square of a cell decide its class … */
const INNER = 16;
/** … if they cover at least this share of it. */
const COVERAGE = 0.05;
/** A cell is normal only if this central square has no pasted pixel. */
const OUTER = 32;

/** Cells along a crop of `side` pixels (a multiple of 4). */
export function cellsAlong(side: number): number {
  return (side - PATCH_SIDE) / STRIDE + 1;
}

/**
 * A label for each cell of a crop from the mask of its pastes: the class that covers at least 5 %
 * of the cell's central 16×16 px (the one that covers most), 0 where the central 32×32 px have no
 * pasted pixel, −1 otherwise. Cell (i, j) sees pixels [4i, 4i + 63] × [4j, 4j + 63].
 *
 * This replaces the one label a crop of CutPaste §2.4: the network sees all patches of a larger
 * crop at the cost of a few.
 *
 * @param mask class of each pasted pixel, 0 elsewhere, [side, side]
 * @param labels where the labels are written, [cells, cells]
 */
export function labelCells(
  mask: Uint8Array,
  side: number,
  classes: number,
  labels: Int32Array,
): void {
  const cells = cellsAlong(side);
  const blocks = countBlocks(mask, side, classes);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) labels[i * cells + j] = labelOf(blocks, i, j);
  }
}

/** Pasted pixels of each class in each block of 4×4 px: all squares of all cells are whole blocks. */
interface Blocks {
  readonly along: number;
  readonly classes: number;
  /** [along, along, classes]; that of class 0 stays empty */
  readonly counts: Uint8Array;
}

function countBlocks(mask: Uint8Array, side: number, classes: number): Blocks {
  const along = side / STRIDE;
  const counts = new Uint8Array(along * along * classes);
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    const row = Math.floor(at / side / STRIDE);
    const column = Math.floor((at % side) / STRIDE);
    counts[(row * along + column) * classes + mask[at]]++;
  }
  return { along, classes, counts };
}

function labelOf(blocks: Blocks, i: number, j: number): number {
  let label = 0;
  let most = 0;
  let near = 0;
  for (let k = 1; k < blocks.classes; k++) {
    near += countCentral(blocks, i, j, OUTER, k);
    const count = countCentral(blocks, i, j, INNER, k);
    if (count > most) {
      label = k;
      most = count;
    }
  }
  if (most >= COVERAGE * INNER * INNER) return label;
  return near > 0 ? IGNORED : 0;
}

/** Pasted pixels of class `k` in the central square of `size` px of cell (i, j). */
function countCentral(blocks: Blocks, i: number, j: number, size: number, k: number): number {
  const margin = (PATCH_SIDE - size) / 2 / STRIDE;
  const span = size / STRIDE;
  let count = 0;
  for (let row = i + margin; row < i + margin + span; row++) {
    for (let column = j + margin; column < j + margin + span; column++) {
      count += blocks.counts[(row * blocks.along + column) * blocks.classes + k];
    }
  }
  return count;
}
