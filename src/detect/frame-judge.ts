/** What judges frames by a model: patch by patch (`LoadedDetector`), or each as a whole. */
import type { Backend } from '../backend/backend.js';
import type { BackendMemory, EncoderInput } from '../backend/encoder.js';
import { PatchlineError } from '../errors.js';
import type { Judgement, ScoreGrid } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import { judge } from '../localize/verdict.js';
import type { Manifest } from '../model/manifest.js';
import { ImageDetector, isImageLevel } from './image-detector.js';
import { judgeOptions } from './judge.js';
import { type DetectorSource, LoadedDetector } from './model.js';
import { wholeFrame } from './prepare.js';

/** What is said of one frame; without grid and map it was judged as a whole. */
export interface Judged extends Pick<Judgement, 'verdict' | 'score' | 'regions'> {
  readonly grid?: ScoreGrid;
  readonly map?: Float32Array; // [height, width] of the model's input
}

export interface FrameJudge {
  /** Size of the model's input. */
  readonly input: Size;
  readonly wantsStatistics: boolean;
  /**
   * @param size of the frame that came in: regions are given in its pixels
   * @throws PL_NUMERIC (reject) if the frame has no finite score
   */
  judge(input: EncoderInput, threshold: number, size: Size): Promise<Judged>;
  memory(): BackendMemory;
  dispose(): void;
}

/** As much of a bundle as a judge needs. */
export interface JudgeSource extends DetectorSource {
  readonly manifest: DetectorSource['manifest'] & Pick<Manifest, 'normalisation'>;
}

/** @param which the model itself, or the untrained control that is stored with it */
export async function loadJudge(
  source: JudgeSource,
  backend: Backend,
  which: 'detector' | 'control' = 'detector',
): Promise<FrameJudge> {
  const { manifest, tensors } = source;
  const spec = manifest[which];
  if (!isImageLevel(spec)) return byPatches(await LoadedDetector.load(source, backend, which));
  return asWhole(await ImageDetector.load(spec, manifest, tensors, backend), manifest.input);
}

/** A detector that is there already, as a judge; it is disposed with it. */
export function byPatches(detector: LoadedDetector): FrameJudge {
  const { input, wantsStatistics } = detector;
  return {
    input,
    wantsStatistics,
    async judge(frame, threshold, size) {
      const { grid, map } = await detector.localize(frame);
      const judgement = judge(map, input, judgeOptions(detector.localizer, threshold, size));
      return { ...judgement, grid, map };
    },
    memory: () => detector.encoder.memory(),
    dispose: () => detector.dispose(),
  };
}

function asWhole(detector: ImageDetector, input: Size): FrameJudge {
  return {
    input,
    wantsStatistics: false,
    async judge(frame, threshold) {
      const pixels = wholeFrame(frame);
      if (pixels === undefined) throw new Error('a frame in tiles has no score as a whole');
      const score = finite(await detector.score(pixels));
      return { verdict: score > threshold ? 'anomalous' : 'ok', score, regions: [] };
    },
    memory: () => detector.encoder.memory(),
    dispose: () => detector.dispose(),
  };
}

function finite(score: number): number {
  if (Number.isFinite(score)) return score;
  throw new PatchlineError('PL_NUMERIC', `the score of the frame is ${score}`, {
    disposition: 'reject',
    hint: 'the frame gave the model nothing to measure, or its weights are broken: check both',
  });
}
