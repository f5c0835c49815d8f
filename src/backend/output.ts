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
  readonly pixels: readonly Uint8Array[]; // [h, w, 3] each
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
        pixels: some.map(({ pixels }) => pixels),
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
export function joined(arrays: readonly Uint8Array[]): Uint8Array {
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

/** Outputs of a frame that are to be filled. All are in one buffer: moving each costs time. */
export function emptyOutputs(
  views: readonly ViewRequest[],
  { size }: Pick<EncoderInput, 'size'>,
): ViewOutput[] {
  const lattices = views.map(({ receptiveField }) => latticeOf(size, receptiveField));
  const lengths = views.map((view, v) => lattices[v].rows * lattices[v].cols * widthOf(view));
  const all = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  let end = 0;
  return lengths.map((length, v) => {
    end += length;
    return { lattice: lattices[v], values: all.subarray(end - length, end) };
  });
}

/**
 * Puts the own cells of each tile to their place in its frame.
 *
 * @param values of one view [tiles, window rows, window cols, numbers]
 * @param outputs by frame and view
 */
export function placeTiles(
  values: Float32Array,
  batch: TileBatch,
  window: CellWindow,
  outputs: readonly ViewOutput[][],
  view: number,
): void {
  const run = values.length / batch.tiles.length;
  for (const [i, tile] of batch.tiles.entries()) {
    const output = outputs[batch.frames[i]][view];
    placeTile(values.subarray(i * run, (i + 1) * run), tile, window, output);
  }
}

/** Puts a run of cells to its place in the frame. */
export function placeRun(values: Float32Array, from: number, output: ViewOutput): void {
  const cells = output.lattice.rows * output.lattice.cols;
  output.values.set(values, (from * output.values.length) / cells);
}

/** Copies a tile's own cells into the grid of its frame. */
function placeTile(
  own: Float32Array,
  tile: Tile,
  window: CellWindow,
  { lattice: { rows, cols }, values }: ViewOutput,
): void {
  const width = values.length / (rows * cols);
  const { row, col } = cellOf(tile, window);
  const runs = window.cols === cols ? 1 : window.rows; // whole rows are one run
  const length = own.length / runs;
  for (let r = 0; r < runs; r++) {
    values.set(own.subarray(r * length, (r + 1) * length), ((row + r) * cols + col) * width);
  }
}
