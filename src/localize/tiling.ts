/**
 * Which cells each tile answers for. A tile of 64 px is a patch and answers for the one cell at its
 * centre in every view; a larger tile for more cells; a tile at the frame's border also for the
 * cells of the shallower views between its outermost patch and the border. So the cells of all
 * tiles are exactly the cells of the whole frame (DESIGN §4).
 */
import type { Size } from '../frame/pixels.js';
import { latticeOf, type Tile, tiles } from './grid.js';

/** Receptive field of the deepest view: what a tile must hold at least. */
export const PATCH = 64;
const STRIDE = 4;

/**
 * Pixels of the largest tile: 64 B each in the network's activations, so 256 MiB. Smaller tiles
 * repeat more of their neighbours: of 4096 × 3072 px these repeat 4 %.
 */
const MOST_TILE_PIXELS = 2 ** 22;

/** Tiles that answer for the same cells of their grids, and so can share a batch. */
export interface TileGroup {
  readonly tiles: readonly Tile[];
  readonly border: {
    readonly top: boolean;
    readonly bottom: boolean;
    readonly left: boolean;
    readonly right: boolean;
  };
}

/** A rectangle of cells of a tile's own grid. */
export interface CellWindow {
  readonly row: number;
  readonly col: number;
  readonly rows: number;
  readonly cols: number;
}

/**
 * The tiles of a frame, grouped.
 *
 * @param tile side of a tile in pixels; 64 is the literal patch mode; `Infinity`: the whole frame,
 *   or as few tiles of it as keep to `mostPixels` each.
 */
export function tileGroups(size: Size, tile: number, mostPixels = MOST_TILE_PIXELS): TileGroup[] {
  const all = tilesOf(size, tile, mostPixels);
  const right = Math.max(...all.map((t) => t.x));
  const bottom = Math.max(...all.map((t) => t.y));
  const groups = new Map<string, TileGroup & { tiles: Tile[] }>();
  for (const t of all) {
    const border = {
      top: t.y === 0,
      bottom: t.y === bottom,
      left: t.x === 0,
      right: t.x === right,
    };
    const key = Object.values(border).join();
    const group = groups.get(key) ?? { tiles: [], border };
    group.tiles.push(t);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function tilesOf(size: Size, tile: number, mostPixels: number): Tile[] {
  if (tile < Math.max(size.width, size.height)) return tiles(size, tile);
  return size.width * size.height <= mostPixels
    ? [wholeFrame(size)]
    : tiles(size, largeTile(size, mostPixels));
}

/**
 * The tile by which a large frame is cut: of all even cuts into tiles of at most `mostPixels`, the
 * one that repeats the fewest pixels.
 */
function largeTile(size: Size, mostPixels: number): Size {
  const overlap = PATCH - STRIDE;
  const { rows, cols } = latticeOf(size, PATCH);
  let best = { width: PATCH, height: PATCH };
  let fewest = Number.POSITIVE_INFINITY;
  for (let across = 1; across <= cols; across++) {
    const width = overlap + STRIDE * Math.ceil(cols / across);
    const cellsDown = Math.floor((mostPixels / width - overlap) / STRIDE);
    if (cellsDown < 1) continue;
    const down = Math.ceil(rows / cellsDown);
    const height = overlap + STRIDE * Math.ceil(rows / down);
    const pixels = across * width * down * height;
    if (pixels >= fewest) continue;
    fewest = pixels;
    best = { width, height };
  }
  return best;
}

function wholeFrame({ width, height }: Size): Tile {
  return { x: 0, y: 0, width, height };
}

/** The cells of a view of receptive field `receptiveField` that a group's tiles answer for. */
export function ownCells(group: TileGroup, receptiveField: number): CellWindow {
  const { width, height } = group.tiles[0];
  const margin = (PATCH - receptiveField) / (2 * STRIDE);
  const { top, bottom, left, right } = group.border;
  const row = top ? 0 : margin;
  const col = left ? 0 : margin;
  const allRows = Math.floor((height - receptiveField) / STRIDE) + 1;
  const allCols = Math.floor((width - receptiveField) / STRIDE) + 1;
  return {
    row,
    col,
    rows: allRows - row - (bottom ? 0 : margin),
    cols: allCols - col - (right ? 0 : margin),
  };
}

/** Where a tile's own cells lie in the grid of the whole frame: the cell of their first corner. */
export function cellOf(
  tile: Tile,
  window: CellWindow,
): { readonly row: number; readonly col: number } {
  return { row: tile.y / STRIDE + window.row, col: tile.x / STRIDE + window.col };
}
