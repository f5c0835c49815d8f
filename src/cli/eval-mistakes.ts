/** The worst mistakes of a model, judged once more for their pictures. */
import { loadJudge } from '../detect/frame-judge.js';
import { judgeFrame } from '../detect/judge.js';
import type { TestImage } from '../evaluate/dataset.js';
import type { ScoredFrame } from '../evaluate/evaluation.js';
import type { TestRun } from './eval-run.js';
import { decodeFile } from './images.js';
import { isLocated, type LocatedFrame } from './pictures.js';

export interface Judged extends TestImage, Omit<ScoredFrame, 'map'> {
  /** [height, width], where there is one */
  readonly mask: Uint8Array | undefined;
}

/** Defects that the threshold lets pass, the lowest score first. */
export function missesOf(judged: readonly Judged[], threshold: number): Judged[] {
  return judged
    .filter(({ good, score }) => !good && score <= threshold)
    .sort((a, b) => a.score - b.score);
}

/** Good images above the threshold, the highest score first. */
export function falseAlarmsOf(judged: readonly Judged[], threshold: number): Judged[] {
  return judged
    .filter(({ good, score }) => good && score > threshold)
    .sort((a, b) => b.score - a.score);
}

/** Judges them again, for their maps and regions; of a model that has some. */
export async function* judgedAgain(
  images: readonly Judged[],
  { bundle, backend, signal }: TestRun,
): AsyncGenerator<{ readonly image: Judged; readonly frame: LocatedFrame }> {
  const { input, calibration } = bundle.manifest;
  const judge = await loadJudge(bundle, backend);
  try {
    for (const image of images) {
      signal.throwIfAborted();
      const decoded = await decodeFile(image.path, input);
      const frame = await judgeFrame(judge, calibration.threshold, decoded);
      if (isLocated(frame)) yield { image, frame };
    }
  } finally {
    judge.dispose();
  }
}
