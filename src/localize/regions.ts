/** The places that a person has to look at: connected areas of the map above the threshold. */
import type { Region } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import { labelComponents } from './components.js';

/** Most regions that a frame reports, so that the message of a wholly anomalous frame stays small. */
export const MAX_REGIONS = 50;

export interface RegionOptions {
  /** Size of the frame that came in: regions are in its pixels. */
  readonly frameSize: Size;
  /** Smaller regions are dropped; in pixels of the frame that came in. */
  readonly minAreaPx: number;
  /** Region of interest, `[height, width]` of the map, non-zero is inside; default everywhere. */
  readonly mask?: Uint8Array;
}

/** A region in pixels of the map, while it grows. */
interface Extent {
  left: number;
  top: number;
  right: number; // last column inside
  bottom: number; // last row inside
  pixels: number;
  peak: number;
  sum: number;
}

/**
 * The 8-connected areas of scores above the threshold, highest peak first, at most MAX_REGIONS.
 * Boxes are the smallest whole pixels of the incoming frame that hold the area.
 *
 * @param map `[size.height, size.width]`
 */
export function findRegions(
  map: Float32Array,
  size: Size,
  threshold: number,
  { frameSize, minAreaPx, mask }: RegionOptions,
): Region[] {
  return measure(map, size, threshold, mask)
    .map((extent) => toRegion(extent, size, frameSize))
    .filter((region) => region.areaPx >= minAreaPx)
    .sort((a, b) => b.peak - a.peak || b.areaPx - a.areaPx)
    .slice(0, MAX_REGIONS);
}

function measure(map: Float32Array, size: Size, threshold: number, roi?: Uint8Array): Extent[] {
  const above = new Uint8Array(map.length);
  for (let i = 0; i < map.length; i++) {
    if (map[i] > threshold && (roi === undefined || roi[i] !== 0)) above[i] = 1;
  }
  const { labels, count } = labelComponents(above, size.width, size.height);
  const extents = Array.from({ length: count }, emptyExtent);
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0) grow(extents[labels[i] - 1], i % size.width, i, size.width, map[i]);
  }
  return extents;
}

function emptyExtent(): Extent {
  const peak = Number.NEGATIVE_INFINITY;
  return { left: Infinity, top: Infinity, right: -1, bottom: -1, pixels: 0, peak, sum: 0 };
}

function grow(extent: Extent, x: number, index: number, width: number, score: number): void {
  const y = (index - x) / width;
  extent.left = Math.min(extent.left, x);
  extent.right = Math.max(extent.right, x);
  extent.top = Math.min(extent.top, y);
  extent.bottom = Math.max(extent.bottom, y);
  extent.pixels++;
  extent.peak = Math.max(extent.peak, score);
  extent.sum += score;
}

function toRegion(extent: Extent, size: Size, frame: Size): Region {
  const [x, width] = scaleSpan(extent.left, extent.right, frame.width, size.width);
  const [y, height] = scaleSpan(extent.top, extent.bottom, frame.height, size.height);
  const scale = (frame.width / size.width) * (frame.height / size.height);
  const areaPx = Math.max(1, Math.round(extent.pixels * scale));
  return { x, y, width, height, areaPx, peak: extent.peak, mean: extent.sum / extent.pixels };
}

/** Start and length of the pixels of the frame which hold pixels first … last of the map. */
function scaleSpan(first: number, last: number, to: number, from: number): [number, number] {
  const start = Math.floor((first * to) / from);
  const end = Math.ceil(((last + 1) * to) / from);
  return [start, end - start];
}
