/** A dataset's test images under a model, in memory. */
import type { Backend } from '../backend/backend.js';
import { loadJudge } from '../detect/frame-judge.js';
import { judgeFrame } from '../detect/judge.js';
import { PatchlineError } from '../errors.js';
import type { TestImage } from '../evaluate/dataset.js';
import type { ScoredFrame } from '../evaluate/evaluation.js';
import { readMask } from '../evaluate/mask.js';
import type { Bundle } from '../model/bundle.js';
import { decodeFile, loadAhead } from './images.js';
import type { Progress } from './progress.js';

export interface TestRun {
  readonly bundle: Bundle;
  readonly backend: Backend;
  readonly tests: readonly TestImage[];
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Before minutes are spent. @throws PL_DATASET (usage) without any test image */
export function assertTestable(tests: readonly TestImage[], path: string): void {
  if (tests.length > 0) return;
  throw new PatchlineError('PL_DATASET', `${path} has no images in test/good or test/<defect>`, {
    disposition: 'usage',
    hint: 'an evaluation needs good images and images with defects, in MVTec layout',
  });
}

/** What an evaluation without good or without defective images cannot say. */
export function missingLines(tests: readonly TestImage[]): string[] {
  const { good, anomalous } = countsOf(tests);
  const lacks = (what: string, where: string) =>
    `warning: no ${where}: ${what} cannot be measured, nor how well scores tell good from bad`;
  return [
    ...(good === 0 ? [lacks('false alarms', 'test/good')] : []),
    ...(anomalous === 0 ? [lacks('what is found', 'test/<defect>')] : []),
  ];
}

export function countsOf(tests: readonly TestImage[]) {
  const good = tests.filter((test) => test.good).length;
  const withoutMask = tests.filter((test) => !test.good && test.maskPath === undefined).length;
  return { good, anomalous: tests.length - good, withoutMask };
}

/** One a test image; undefined where there is none. */
export async function readMasks({
  bundle,
  tests,
  signal,
}: TestRun): Promise<(Uint8Array | undefined)[]> {
  const { input } = bundle.manifest;
  const masks: (Uint8Array | undefined)[] = [];
  const read = async ({ maskPath }: TestImage) =>
    maskPath === undefined ? undefined : readMask(maskPath, input);
  for await (const { result } of loadAhead(tests, read)) {
    signal.throwIfAborted();
    if (result.status === 'rejected') throw result.reason;
    masks.push(result.value);
  }
  return masks;
}

/** Scores and maps of all test images. @throws for the first image that cannot be judged */
export async function scoreAll(
  { bundle, backend, tests, progress, signal }: TestRun,
  which: 'detector' | 'control',
): Promise<ScoredFrame[]> {
  const { input, calibration } = bundle.manifest;
  const judge = await loadJudge(bundle, backend, which);
  const phase = which === 'detector' ? 'model' : 'control';
  const frames: ScoredFrame[] = [];
  const load = ({ path }: TestImage) => decodeFile(path, input);
  for await (const { item, result } of loadAhead(tests, load)) {
    signal.throwIfAborted();
    if (result.status === 'rejected') throw result.reason;
    const { score, map } = await judgeFrame(judge, calibration.threshold, result.value);
    frames.push({ kind: item.kind, good: item.good, score, ...(map && { map }) });
    progress.update({ phase, done: frames.length, total: tests.length });
  }
  judge.dispose();
  return frames;
}
