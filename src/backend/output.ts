/** What all encoders do alike: work in bounded parts, and put what tiles say into the frame's grids. */
import { STATISTICS } from '../frame/statistics.js';
import { latticeOf, type Tile } from '../localize/grid.js';
import { type CellWindow, cellOf, type TileGroup } from '../localize/tiling.js';
import type { EncoderInput, ViewOutput, ViewRequest } from './encoder.js';

/**
 * Pixels in one call of the network: bounds the memory of its activations (64 B a pixel). Small calls
 * would leave a GPU idle.
 */
export function pixelsPerCall(gpu: boolean): number {
  return gpu ? 1 << 22 : 1 << 20;
}

/** Cells of statistics in one call: bounds the memory of their distances to all centres. */
const CELLS_PER_CALL = 1 << 14;

/** Tiles of one call of the network, of one frame or of several: alike in size and border. */
export interface TileBatch extends TileGroup {
  readonly pixels: Uint8Array; // [tiles, h, w, 3]
  /** Whose each tile is: the index of its frame. */
  readonly frames: readonly number[];
}

/** One tile of a frame. */
interface Piece {
  readonly tile: Tile;
  readonly frame: number;
  readonly pixels: Uint8Array; // [h, w, 3]
}

/** A frame that was not cut into tiles. */
export function isWhole({ groups }: Pick<EncoderInput, 'groups'>): boolean {
  return groups.length === 1 && groups[0].tiles.length === 1;
}

/** A whole frame whose statistics are left to the back end. */
export function isBare(frame: EncoderInput): boolean {
  const { statistics } = frame;
  return isWhole(frame) && statistics[8] === undefined && statistics[16] === undefined;
}

/** All tiles of some frames in few calls, each of at most `mostPixels` or of one tile. */
export function* batchesOf(
  frames: readonly EncoderInput[],
  mostPixels = pixelsPerCall(false),
): Generator<TileBatch> {
  for (const { border, pieces } of kindsOf(frames)) {
    const { width, height } = pieces[0].tile;
    const count = Math.max(1, Math.floor(mostPixels / (width * height)));
    for (let from = 0; from < pieces.length; from += count) {
      const some = pieces.slice(from, from + count);
      yield {
        border,
        tiles: some.map(({ tile }) => tile),
        frames: some.map(({ frame }) => frame),
        pixels: joined(some.map(({ pixels }) => pixels)),
      };
    }
  }
}

/** The tiles by size and border. */
function kindsOf(frames: readonly EncoderInput[]) {
  const kinds = new Map<string, { border: TileGroup['border']; pieces: Piece[] }>();
  for (const [frame, { groups }] of frames.entries()) {
    for (const { tiles, border, pixels } of groups) {
      const { width, height } = tiles[0];
      const key = [width, height, ...Object.values(border)].join();
      const kind = kinds.get(key) ?? { border, pieces: [] };
      kinds.set(key, kind);
      const area = width * height * 3;
      for (const [i, tile] of tiles.entries()) {
        kind.pieces.push({ tile, frame, pixels: pixels.subarray(i * area, (i + 1) * area) });
      }
    }
  }
  return kinds.values();
}

/** Arrays of one length one behind the other: those of one frame are already. */
function joined(arrays: readonly Uint8Array[]): Uint8Array {
  const [first] = arrays;
  const last = arrays[arrays.length - 1];
  const length = arrays.length * first.length;
  const reach = last.byteOffset + last.length - first.byteOffset;
  if (first.buffer === last.buffer && reach === length) {
    return new Uint8Array(first.buffer, first.byteOffset, length);
  }
  const all = new Uint8Array(length);
  for (const [i, array] of arrays.entries()) all.set(array, i * first.length);
  return all;
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

/** Outputs by view and frame → by frame and view. */
export function byFrame(outputs: readonly ViewOutput[][]): ViewOutput[][] {
  return (outputs[0] ?? []).map((_, frame) => outputs.map((ofView) => ofView[frame]));
}

/** What was computed of some cells: as in `ViewOutput`. */
export interface Computed {
  readonly values: Float32Array;
  readonly nearest?: Int32Array | undefined;
}

/**
 * Puts the own cells of each tile [tiles, window rows, window cols] to their place in its frame.
 *
 * @param outputs of one view, by frame
 */
export function placeTiles(
  { values, nearest }: Computed,
  batch: TileBatch,
  window: CellWindow,
  outputs: readonly ViewOutput[],
): void {
  const cells = window.rows * window.cols;
  const width = values.length / (cells * batch.tiles.length);
  for (const [i, tile] of batch.tiles.entries()) {
    const output = outputs[batch.frames[i]];
    const { cols } = output.lattice;
    const own = values.subarray(i * cells * width, (i + 1) * cells * width);
    placeTile(own, width, tile, window, cols, output.values);
    if (nearest === undefined || output.nearest === undefined) continue;
    placeTile(nearest.subarray(i * cells, (i + 1) * cells), 1, tile, window, cols, output.nearest);
  }
}

/** Puts a run of cells to its place in the frame. */
export function placeRun({ values, nearest }: Computed, from: number, output: ViewOutput): void {
  const cells = output.lattice.rows * output.lattice.cols;
  output.values.set(values, (from * output.values.length) / cells);
  if (nearest !== undefined) output.nearest?.set(nearest, from);
}

/** Copies a tile's cells into a grid of `cols` columns, `width` numbers a cell. */
function placeTile(
  data: Float32Array | Int32Array,
  width: number,
  tile: Tile,
  window: CellWindow,
  cols: number,
  to: Float32Array | Int32Array,
): void {
  const { row, col } = cellOf(tile, window);
  const rows = window.cols === cols ? 1 : window.rows; // whole rows are one run
  const run = data.length / rows;
  for (let r = 0; r < rows; r++) {
    to.set(data.subarray(r * run, (r + 1) * run), ((row + r) * cols + col) * width);
  }
}
