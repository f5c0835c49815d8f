/** Speed on this machine: each figure with its baselines, measured in the same rounds. */
import { availableParallelism } from 'node:os';
import type { BackendChoice } from '../backend/choice.js';
import { chooseFor } from '../detect/choose.js';
import { patchLevel } from '../detect/image-detector.js';
import type { Progress } from '../learn/options.js';
import { latticeOf } from '../localize/grid.js';
import { PATCH } from '../localize/tiling.js';
import { Cases } from './cases.js';
import { describeMachine } from './machine.js';
import { type BenchReport, type CaseReport, casesOf, ratiosOf } from './report.js';
import { measureInRounds } from './rounds.js';
import { prepareWorkload, type Workload } from './workload.js';

export interface BenchOptions {
  /** Directory of the model; without one, a model is fitted on the spot. */
  readonly model?: string;
  readonly rounds: number;
  /** For each case in each round. */
  readonly seconds: number;
  /** Patches of a frame that ResNet-18 is run on. */
  readonly resnet18Patches: number;
  readonly backend: BackendChoice;
  /** Told of the back end that was chosen. */
  readonly onBackend: (line: string) => void;
  /** Of the cases with all threads. Default: one a core. */
  readonly threads?: number;
}

export interface BenchProgress {
  readonly phase: 'fit' | 'measure' | 'soak';
  readonly done: number;
  readonly total: number;
  readonly detail?: string;
}

export type OnBenchProgress = (progress: BenchProgress) => void;

/** Rejects with the signal's reason when aborted, after the measurement that runs. */
export async function runBench(
  options: BenchOptions,
  onProgress: OnBenchProgress,
  signal: AbortSignal,
): Promise<BenchReport> {
  const machine = describeMachine();
  const workload = await prepareWorkload(options.model, fitProgress(onProgress), signal);
  try {
    return { ...(await measure(options, workload, onProgress, signal)), machine };
  } finally {
    await workload.remove();
  }
}

async function measure(
  options: BenchOptions,
  workload: Workload,
  onProgress: OnBenchProgress,
  signal: AbortSignal,
): Promise<Omit<BenchReport, 'machine'>> {
  const { rounds, seconds, threads = availableParallelism() } = options;
  const backend = await chooseFor(options.backend, [workload.bundle], { say: options.onBackend });
  const { input } = workload.bundle.manifest;
  const { rows, cols } = latticeOf(input, PATCH);
  const resnet18Patches = Math.min(options.resnet18Patches, rows * cols);
  const cases = await Cases.start({ backend, threads, resnet18Patches }, workload, signal);
  try {
    const onMeasured = (done: number, total: number, index: number): void =>
      onProgress({ phase: 'measure', done, total, detail: cases.all[index].name });
    const rates = await measureInRounds(cases.all, { rounds, seconds, onMeasured, signal });
    const figures = cases.all.map(({ name, threads }, i) => ({ name, threads, rounds: rates[i] }));
    const reports = casesOf(figures);
    const engine = reports.findLast(({ name }) => name === 'engine') as CaseReport;
    return {
      schema: 'patchline.bench/1',
      backend,
      model: modelReport(workload, options.model),
      frame: { ...input, format: 'jpeg', patches: rows * cols },
      settings: { rounds, seconds, resnet18Patches },
      cases: reports,
      ratios: ratiosOf(figures),
      engine: cases.engineReport,
      latency: await cases.latency(engine.framesPerSecond.median, seconds),
    };
  } finally {
    await cases.close();
  }
}

/** Fitting has several phases, the bench tells of one. */
export function fitProgress(onProgress: OnBenchProgress): (progress: Progress) => void {
  return ({ phase, done, total }) => onProgress({ phase: 'fit', done, total, detail: phase });
}

function modelReport({ bundle }: Workload, dir: string | undefined): BenchReport['model'] {
  const { name } = bundle.manifest;
  const detector = patchLevel(bundle.manifest.detector);
  return {
    id: bundle.id,
    name,
    ...(dir !== undefined && { dir }),
    views: detector.views.map((view) => view.name),
    density: [...new Set(detector.views.map((view) => view.density))].join(', '),
  };
}
