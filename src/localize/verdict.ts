/** From a map to what the line is told. */
import { PatchlineError } from '../errors.js';
import type { Judgement, Region } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import { frameScore } from './frame-score.js';
import { findRegions, type RegionOptions } from './regions.js';

export interface JudgeOptions extends RegionOptions {
  /** A frame is anomalous if its score is above this (`conformalThreshold`). */
  readonly threshold: number;
  /** Share of the pixels whose mean is the frame score (`frameScore`). */
  readonly share: number;
}

/**
 * Judges a frame by its map.
 *
 * Only an anomalous frame has regions, and it has at least one: where all are smaller than
 * `minAreaPx`, the one with the highest peak. (The map of a good frame may cross the threshold in
 * fewer pixels than the frame score averages over; that is no finding.)
 *
 * @param map `[size.height, size.width]`
 * @throws PatchlineError PL_NUMERIC (reject) if a score of the map is not finite.
 */
export function judge(
  map: Float32Array,
  size: Size,
  options: JudgeOptions,
): Pick<Judgement, 'verdict' | 'score' | 'regions'> {
  assertFinite(map);
  const score = frameScore(map, options.share, options.mask);
  if (score <= options.threshold) return { verdict: 'ok', score, regions: [] };
  return { verdict: 'anomalous', score, regions: regionsOf(map, size, options) };
}

function regionsOf(map: Float32Array, size: Size, options: JudgeOptions): Region[] {
  const regions = findRegions(map, size, options.threshold, options);
  if (regions.length > 0) return regions;
  return findRegions(map, size, options.threshold, { ...options, minAreaPx: 0 }).slice(0, 1);
}

function assertFinite(map: Float32Array): void {
  let bad = 0;
  while (bad < map.length && Number.isFinite(map[bad])) bad++;
  if (bad === map.length) return;
  throw new PatchlineError('PL_NUMERIC', `The anomaly map holds ${map[bad]} at pixel ${bad}.`, {
    disposition: 'reject',
    hint: 'The frame gave the model nothing to measure, or its weights are broken: check both.',
  });
}
