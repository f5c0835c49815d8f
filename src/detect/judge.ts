import type { Judgement, Region } from '../frame/frame.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { type JudgeOptions, judge } from '../localize/verdict.js';
import type { Localization, Localizer } from './localizer.js';
import type { LoadedDetector } from './model.js';
import { prepareFrame } from './prepare.js';

/** Regions smaller than this are noise of the map, in pixels of the model's input. */
const MIN_REGION_PX = 16;

/** A frame at the model's input size, and the size at which it came in. */
export interface DecodedFrame {
  readonly pixels: Pixels;
  readonly size: Size;
}

export interface JudgedFrame
  extends DecodedFrame,
    Pick<Localization, 'grid' | 'map'>,
    Pick<Judgement, 'verdict' | 'score' | 'regions'> {}

/** Judges one frame on this thread. @throws PL_NUMERIC (reject) if it has no finite scores */
export async function judgeFrame(
  detector: LoadedDetector,
  threshold: number,
  { pixels, size }: DecodedFrame,
): Promise<JudgedFrame> {
  const input = prepareFrame(pixels, Number.POSITIVE_INFINITY, detector.wantsStatistics);
  const { grid, map } = await detector.localize(input);
  const judgement = judge(map, detector.input, judgeOptions(detector.localizer, threshold, size));
  return { pixels, size, grid, map, ...judgement };
}

/** How maps of a detector are judged; regions come in pixels of a frame of `size`. */
export function judgeOptions(
  { spec, input }: Localizer,
  threshold: number,
  size: Size,
): JudgeOptions {
  const minAreaPx = (MIN_REGION_PX * size.width * size.height) / (input.width * input.height);
  return { threshold, share: spec.map.topShare, frameSize: size, minAreaPx };
}

/** A region in pixels of a frame of size `from`, in pixels of one of size `to`. */
export function scaleRegion(region: Region, from: Size, to: Size): Region {
  const x = to.width / from.width;
  const y = to.height / from.height;
  return {
    ...region,
    x: Math.round(region.x * x),
    y: Math.round(region.y * y),
    width: Math.max(1, Math.round(region.width * x)),
    height: Math.max(1, Math.round(region.height * y)),
    areaPx: Math.max(1, Math.round(region.areaPx * x * y)),
  };
}
