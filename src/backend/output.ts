/** What all encoders do alike: work in bounded parts, and put what tiles say into the frame's grids. */
import { STATISTICS } from '../frame/statistics.js';
import { latticeOf, type Tile } from '../localize/grid.js';
import { type CellWindow, cellOf } from '../localize/tiling.js';
import type { EncoderInput, ViewOutput, ViewRequest } from './encoder.js';

export type TilePixels = EncoderInput['groups'][number];

/** Pixels in one call of the network: bounds the memory of its activations (64 B a pixel). */
const PIXELS_PER_CALL = 1 << 20;

/** Cells of statistics in one call: bounds the memory of their distances to all centres. */
const CELLS_PER_CALL = 1 << 14;

/** Parts of a group that are small enough for one call, of at least one tile. */
export function* chunksOf(group: TilePixels): Generator<TilePixels> {
  const { width, height } = group.tiles[0];
  const area = width * height;
  const count = Math.max(1, Math.floor(PIXELS_PER_CALL / area));
  for (let from = 0; from < group.tiles.length; from += count) {
    const tiles = group.tiles.slice(from, from + count);
    const pixels = group.pixels.subarray(from * area * 3, (from + tiles.length) * area * 3);
    yield { ...group, tiles, pixels };
  }
}

/** A run of cells in row-major order. */
export interface CellRun {
  readonly from: number;
  readonly values: Float32Array; // [cells, 14]
}

/** The statistics of a frame in runs that are small enough for one call. */
export function* statisticsRuns({ statistics }: EncoderInput, window: 8 | 16): Generator<CellRun> {
  const values = statistics[window];
  if (values === undefined) throw new Error(`the input has no statistics of ${window} px`);
  const cells = values.length / STATISTICS;
  for (let from = 0; from < cells; from += CELLS_PER_CALL) {
    const to = Math.min(cells, from + CELLS_PER_CALL);
    yield { from, values: values.subarray(from * STATISTICS, to * STATISTICS) };
  }
}

/** Numbers of a cell in the output's `values`. */
export function widthOf({ dim, want }: ViewRequest): number {
  if (want.kind === 'embedding') return dim;
  return want.kind === 'squaredDistances' ? want.centres.length / dim : 1;
}

export function emptyOutput(request: ViewRequest, { size }: EncoderInput): ViewOutput {
  const lattice = latticeOf(size, request.receptiveField);
  const cells = lattice.rows * lattice.cols;
  const values = new Float32Array(cells * widthOf(request));
  if (request.want.kind !== 'nearest') return { lattice, values };
  return { lattice, values, nearest: new Int32Array(cells) };
}

/** What was computed of some cells: as in `ViewOutput`. */
export interface Computed {
  readonly values: Float32Array;
  readonly nearest?: Int32Array | undefined;
}

/** Puts the own cells of each tile [tiles, window rows, window cols] to their place in the frame. */
export function placeTiles(
  { values, nearest }: Computed,
  tiles: readonly Tile[],
  window: CellWindow,
  output: ViewOutput,
): void {
  const cells = output.lattice.rows * output.lattice.cols;
  scatter(values, output.values.length / cells, tiles, window, output.lattice.cols, output.values);
  if (nearest !== undefined && output.nearest !== undefined) {
    scatter(nearest, 1, tiles, window, output.lattice.cols, output.nearest);
  }
}

/** Puts a run of cells to its place in the frame. */
export function placeRun({ values, nearest }: Computed, from: number, output: ViewOutput): void {
  const cells = output.lattice.rows * output.lattice.cols;
  output.values.set(values, (from * output.values.length) / cells);
  if (nearest !== undefined) output.nearest?.set(nearest, from);
}

/** Copies each tile's cells into a grid of `cols` columns, `width` numbers a cell. */
function scatter(
  data: Float32Array | Int32Array,
  width: number,
  tiles: readonly Tile[],
  window: CellWindow,
  cols: number,
  to: Float32Array | Int32Array,
): void {
  const run = window.cols * width;
  let from = 0;
  for (const tile of tiles) {
    const { row, col } = cellOf(tile, window);
    for (let r = 0; r < window.rows; r++, from += run) {
      to.set(data.subarray(from, from + run), ((row + r) * cols + col) * width);
    }
  }
}
