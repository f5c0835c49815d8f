/**
 * Where the patches of a frame lie: cell (i, j) of a view with receptive field r sees the pixels
 * [stride·i, stride·i + r − 1] × [stride·j, stride·j + r − 1]. No layer pads, so a 256 px side has
 * 49 patches of 64 px (CutPaste §4.2: "densely extract anomaly scores with a stride of 4").
 */
import { PatchlineError } from '../errors.js';
import type { Size } from '../frame/pixels.js';

/** Pixels between neighbouring patches: the jump of the network. */
const STRIDE = 4;

/** The centres of the cells of a grid, in pixels of the model's input. */
export interface Lattice {
  readonly rows: number;
  readonly cols: number;
  /** Distance of neighbouring centres. */
  readonly stride: number;
  /** Centre of cell (0, 0), on both axes; cell i sits at offset + i·stride. */
  readonly offset: number;
}

/** A window of the frame, in pixels of the model's input. */
export interface Tile {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The lattice of all patches of side `receptiveField` which lie wholly inside a frame.
 *
 * @throws PatchlineError PL_IMAGE_SIZE if the frame is smaller than one patch.
 */
export function latticeOf(size: Size, receptiveField: number, stride = STRIDE): Lattice {
  const { width, height } = size;
  if (width < receptiveField || height < receptiveField) {
    throw new PatchlineError(
      'PL_IMAGE_SIZE',
      `A frame of ${width} × ${height} px is smaller than a patch of ${receptiveField} × ${receptiveField} px.`,
      { disposition: 'usage', hint: `Use frames of at least ${receptiveField} px a side.` },
    );
  }
  return {
    rows: Math.floor((height - receptiveField) / stride) + 1,
    cols: Math.floor((width - receptiveField) / stride) + 1,
    stride,
    offset: (receptiveField - 1) / 2,
  };
}

/**
 * Adds the scores of a deeper (smaller) grid to those of a shallower one: each cell where its centre
 * is, and the edge cells repeated outwards.
 *
 * @param sum `[to.rows, to.cols]`
 * @param scores `[from.rows, from.cols]`
 * @throws PatchlineError PL_STATE if the two lattices do not share their cell centres.
 */
export function addExtended(
  sum: Float32Array,
  to: Lattice,
  scores: Float32Array,
  from: Lattice,
): void {
  const shift = (from.offset - to.offset) / to.stride;
  if (from.stride !== to.stride || !Number.isInteger(shift)) {
    throw new PatchlineError(
      'PL_STATE',
      `A grid of stride ${from.stride} and offset ${from.offset} has no cells on a lattice of stride ${to.stride} and offset ${to.offset}.`,
    );
  }
  assertGrid(scores, from);
  const sourceRow = nearest(to.rows, shift, from.rows);
  const sourceCol = nearest(to.cols, shift, from.cols);
  for (let row = 0, cell = 0; row < to.rows; row++) {
    const source = sourceRow[row] * from.cols;
    for (let col = 0; col < to.cols; col++) sum[cell++] += scores[source + sourceCol[col]];
  }
}

/** For each of `cells` along an axis the nearest of `sources`, of which the first lies at `shift`. */
function nearest(cells: number, shift: number, sources: number): Int32Array {
  const source = new Int32Array(cells);
  for (let cell = 0; cell < cells; cell++) source[cell] = clamp(cell - shift, sources - 1);
  return source;
}

/**
 * Cuts a frame into tiles of one common size, row by row, which together hold every whole patch of
 * the frame and no other: corners are multiples of the stride, neighbours overlap by
 * `overlap` = receptive field − stride, and the last tile of a row or column is shifted back to
 * where the last patch ends. A patch which two tiles hold has the same score in both.
 * Tiles of the side of a patch are the patches themselves, in the order of the grid.
 *
 * @param tile side of a tile, px, or both; what no patch sees (less than a stride) is left away.
 * @throws PatchlineError PL_USAGE if a tile is smaller than a patch, PL_IMAGE_SIZE if the frame is.
 */
export function tiles(size: Size, tile: number | Size, overlap = 60): Tile[] {
  const sides = typeof tile === 'number' ? { width: tile, height: tile } : tile;
  const { rows, cols } = latticeOf(size, overlap + STRIDE);
  const across = Math.min(cellsAlong(sides.width, overlap), cols);
  const down = Math.min(cellsAlong(sides.height, overlap), rows);
  const width = overlap + STRIDE * across;
  const height = overlap + STRIDE * down;
  return starts(rows, down).flatMap((row) =>
    starts(cols, across).map((col) => ({ x: col * STRIDE, y: row * STRIDE, width, height })),
  );
}

/** Cells along a side of a tile. */
function cellsAlong(side: number, overlap: number): number {
  const cells = Math.floor((side - overlap) / STRIDE);
  if (cells >= 1) return cells;
  throw new PatchlineError(
    'PL_USAGE',
    `A tile of ${side} px is smaller than a patch of ${overlap + STRIDE} px.`,
    { disposition: 'usage', hint: `Choose tiles of at least ${overlap + STRIDE} px.` },
  );
}

/** @throws PatchlineError PL_STATE if the scores are not `[rows, cols]`. */
export function assertGrid(scores: ArrayLike<number>, { rows, cols }: Lattice): void {
  if (scores.length === rows * cols) return;
  throw new PatchlineError(
    'PL_STATE',
    `A grid of ${rows} × ${cols} cells came with ${scores.length} scores.`,
  );
}

/** First cells of the runs of `run` cells which cover 0 … cells − 1, the last one shifted back. */
function starts(cells: number, run: number): number[] {
  return Array.from({ length: Math.ceil(cells / run) }, (_, i) => Math.min(i * run, cells - run));
}

function clamp(value: number, highest: number): number {
  return Math.max(0, Math.min(highest, value));
}
