/** From what an encoder says of a frame to its verdict, in whichever thread. */
import type { ViewOutput } from '../backend/encoder.js';
import { isImageLevel } from '../detect/image-detector.js';
import { judgeOptions } from '../detect/judge.js';
import type { Localizer } from '../detect/localizer.js';
import { localizerOf } from '../detect/model.js';
import type { Judgement } from '../frame/frame.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { judge } from '../localize/verdict.js';
import type { Bundle } from '../model/bundle.js';
import type { OverlayPolicy } from './options.js';

export interface FinishTask {
  readonly model: string;
  readonly outputs: readonly ViewOutput[];
  /** The frame at the model's input size, if it was encoded whole. */
  readonly frame: Pixels | undefined;
  /** Size of the frame that came in: regions are given in its pixels. */
  readonly size: Size;
  /** When to send the map back, for an overlay. */
  readonly wantsMap: OverlayPolicy;
}

export interface FinishedFrame extends Pick<Judgement, 'verdict' | 'score' | 'regions' | 'grid'> {
  readonly densityMs: number;
  readonly mapMs: number;
  /** Where the task wants it: the map, and the frame at its size if it came whole. */
  readonly map: { readonly scores: Float32Array; readonly frame: Pixels | undefined } | undefined;
}

/** Finishes frames of some models; those of image-level detectors have nothing to finish. */
export class Finisher {
  readonly #models = new Map<string, { localizer: Localizer; threshold: number }>(); // by bundle id

  constructor(models: readonly Bundle[]) {
    for (const bundle of models) {
      if (isImageLevel(bundle.manifest.detector)) continue;
      const { threshold } = bundle.manifest.calibration;
      this.#models.set(bundle.id, { localizer: localizerOf(bundle), threshold });
    }
  }

  /** @throws PL_NUMERIC (reject) if the frame has no finite scores */
  finish({ model, outputs, frame, size, wantsMap }: FinishTask): FinishedFrame {
    const known = this.#models.get(model);
    if (known === undefined) throw new Error(`no model ${model} in this thread`);
    const { localizer, threshold } = known;
    const { grid, map, timings } = localizer.localize(outputs);
    const start = performance.now();
    const judgement = judge(map, localizer.input, judgeOptions(localizer, threshold, size));
    const wanted =
      wantsMap === 'always' || (wantsMap === 'anomalous' && judgement.verdict === 'anomalous');
    return {
      ...judgement,
      grid,
      densityMs: timings.density,
      mapMs: timings.map + performance.now() - start,
      map: wanted ? { scores: map, frame } : undefined,
    };
  }
}

/** What the encoder says of a frame, and the frame itself if it came whole. */
export type EncodedFrame = Pick<FinishTask, 'outputs' | 'frame'>;

/** The arrays of an encoded frame, for the thread that sends it on. */
export function arraysOfEncoded({ outputs, frame }: EncodedFrame) {
  return [...outputs.map(({ values }) => values), frame?.data];
}

/** The arrays of a finished frame, for the thread that sends it on. */
export function arraysOfFinished({ grid, map }: FinishedFrame) {
  return [grid?.scores, map?.scores, map?.frame?.data];
}
