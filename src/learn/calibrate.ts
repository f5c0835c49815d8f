/** The threshold, from good images that neither network nor density has seen. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { FrameJudge } from '../detect/frame-judge.js';
import { prepareFrame } from '../detect/prepare.js';
import { conformalThreshold, quantiles } from '../localize/calibrate.js';
import type { Calibration } from '../model/manifest.js';
import type { GoodImage } from './images.js';

/** Probabilities whose scores are stored: the distribution that drift is measured against. */
const PROBABILITIES = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1];
/** Images named as the ones that set the threshold. */
const MAX_SET_BY = 12;

/** @throws PL_NUMERIC if a good image has no finite score */
export async function calibrate(
  judge: Pick<FrameJudge, 'judge' | 'wantsStatistics'>,
  images: readonly GoodImage[],
  alpha: number,
  onImage: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<Calibration> {
  const scores: number[] = [];
  const medians: number[] = [];
  for (const { pixels } of images) {
    const input = prepareFrame(pixels, Number.POSITIVE_INFINITY, judge.wantsStatistics);
    const { score, grid } = await judge.judge(input, Number.POSITIVE_INFINITY, pixels);
    scores.push(score);
    medians.push(grid === undefined ? score : quantiles([...grid.scores], [0.5])[0]);
    onImage(scores.length);
    await breathe();
    signal?.throwIfAborted();
  }
  const threshold = conformalThreshold(scores, alpha);
  return {
    threshold: threshold.value,
    requestedAlpha: alpha,
    alpha: threshold.alpha,
    n: threshold.n,
    quantiles: quantiles(scores, PROBABILITIES).map((score, i) => ({ p: PROBABILITIES[i], score })),
    quiet: quantiles(medians, [0.5])[0],
    setBy: threshold.setBy
      .slice(0, MAX_SET_BY)
      .map((i) => ({ image: images[i].name, score: scores[i] })),
  };
}
