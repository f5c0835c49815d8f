import type { EncoderInput } from '../backend/encoder.js';
import { isWhole } from '../backend/output.js';
import { cutPatches } from '../frame/patches.js';
import type { Pixels } from '../frame/pixels.js';
import { statisticsOf } from '../frame/statistics.js';
import { tileGroups } from '../localize/tiling.js';

/** `of tiles`: not those of a whole frame, which a GPU computes itself. */
export type WantsStatistics = boolean | 'of tiles';

/**
 * What a frame needs before the network sees it: cut into tiles, and its statistics. Runs in the
 * decoding threads.
 *
 * @param tile side of a tile in pixels: 64 cuts all patches of the paper, `Infinity` keeps the
 *   frame whole, unless it is so large that it has to be cut. The scores are the same.
 * @param mostPixels of a tile of a frame that is kept whole, in tests
 */
export function prepareFrame(
  pixels: Pixels,
  tile: number,
  wantsStatistics: WantsStatistics,
  mostPixels?: number,
): EncoderInput {
  const size = { width: pixels.width, height: pixels.height };
  const groups = tileGroups(size, tile, mostPixels).map((group) => {
    const { width, height } = group.tiles[0];
    return { ...group, pixels: cutPatches(pixels, group.tiles, { width, height }) };
  });
  const left = wantsStatistics === 'of tiles' && isWhole({ groups });
  if (!wantsStatistics || left) return { size, groups, statistics: {} };
  const { stat8, stat16 } = statisticsOf(pixels);
  return { size, groups, statistics: { 8: stat8, 16: stat16 } };
}

/** The arrays of an input, for those who move it to another thread. */
export function arraysOf({ groups, statistics }: EncoderInput): (Uint8Array | Float32Array)[] {
  const arrays = [...groups.map((group) => group.pixels), statistics[8], statistics[16]];
  return arrays.filter((array) => array !== undefined);
}

/** The frame itself, if the input was not cut into tiles. */
export function wholeFrame({ size, groups }: EncoderInput): Pixels | undefined {
  return isWhole({ groups }) ? { ...size, data: groups[0].pixels } : undefined;
}
