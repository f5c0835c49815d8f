/** Speed on this machine: each figure with its baselines, measured in the same rounds. */
import { availableParallelism } from 'node:os';
import type { BackendName } from '../backend/tensorflow.js';
import { ModelSet } from '../engine/models.js';
import { defaultThreads } from '../engine/options.js';
import type { Frame } from '../frame/frame.js';
import { latticeOf } from '../localize/grid.js';
import { PATCH } from '../localize/tiling.js';
import { BenchThreads } from './bench-threads.js';
import { EngineRun } from './engine-run.js';
import { describeMachine } from './machine.js';
import {
  type BenchReport,
  type ByThreads,
  type CaseName,
  casesOf,
  type EngineReport,
  type Figures,
  ratiosOf,
} from './report.js';
import { type Measurable, measureInRounds } from './rounds.js';
import { prepareWorkload, type Workload } from './workload.js';

export interface BenchOptions {
  /** Directory of the model; without one, a model is fitted on the spot. */
  readonly model?: string;
  readonly rounds: number;
  /** For each case in each round. */
  readonly seconds: number;
  /** Patches of a frame that ResNet-18 is run on. */
  readonly resnet18Patches: number;
  readonly backend: BackendName;
}

export interface BenchProgress {
  readonly phase: 'fit' | 'measure' | 'soak';
  readonly done: number;
  readonly total: number;
  readonly detail?: string;
}

export type OnBenchProgress = (progress: BenchProgress) => void;

/** A case with a number of threads. */
interface BenchCase extends Measurable {
  readonly name: CaseName;
  readonly threads: number;
}

/** Takes (rounds + ¼) · seconds · 10 and more; rejects with the signal's reason when aborted. */
export async function runBench(
  options: BenchOptions,
  onProgress: OnBenchProgress,
  signal: AbortSignal,
): Promise<BenchReport> {
  const machine = describeMachine();
  const workload = await prepareWorkload(options.model, fitProgress(onProgress), signal);
  try {
    const bench = await Bench.start(options, workload);
    try {
      const figures = await bench.measure(onProgress, signal);
      const { rounds, seconds, backend, model } = options;
      const resnet18Patches = Math.min(options.resnet18Patches, patchesOf(workload));
      return {
        schema: 'patchline.bench/1',
        machine,
        backend,
        model: modelReport(workload, model),
        frame: { ...workload.bundle.manifest.input, format: 'jpeg', patches: patchesOf(workload) },
        settings: { rounds, seconds, resnet18Patches },
        cases: casesOf(figures),
        ratios: ratiosOf(figures),
        engine: bench.engineReport,
      };
    } finally {
      await bench.close();
    }
  } finally {
    await workload.remove();
  }
}

/** Fitting has several phases, the bench tells of one. */
export function fitProgress(onProgress: OnBenchProgress) {
  return ({ phase, done, total }: { phase: string; done: number; total: number }): void =>
    onProgress({ phase: 'fit', done, total, detail: phase });
}

function patchesOf({ bundle }: Workload): number {
  const { rows, cols } = latticeOf(bundle.manifest.input, PATCH);
  return rows * cols;
}

function modelReport({ bundle }: Workload, dir: string | undefined): BenchReport['model'] {
  const { name, detector } = bundle.manifest;
  return {
    id: bundle.id,
    name,
    ...(dir !== undefined && { dir }),
    views: detector.views.map((view) => view.name),
    density: [...new Set(detector.views.map((view) => view.density))].join(', '),
  };
}

/** All cases, started: threads and models stay loaded, so that rounds can alternate. */
class Bench {
  readonly #options: BenchOptions;
  readonly #cases: BenchCase[] = [];
  readonly #engines: EngineRun[] = []; // with one thread, with all
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(options: BenchOptions) {
    this.#options = options;
  }

  static async start(options: BenchOptions, workload: Workload): Promise<Bench> {
    const bench = new Bench(options);
    const counts = [...new Set([1, availableParallelism()])];
    bench.#addNetworks(counts, workload);
    try {
      for (const count of counts) await bench.#addEngine(count, workload);
      for (const count of counts) await bench.#addPatches(count, workload);
    } catch (error) {
      await bench.close();
      throw error;
    }
    return bench;
  }

  async measure(onProgress: OnBenchProgress, signal: AbortSignal): Promise<Figures[]> {
    const { rounds, seconds } = this.#options;
    const cases = this.#cases;
    const onMeasured = (done: number, total: number, index: number): void =>
      onProgress({ phase: 'measure', done, total, detail: cases[index].name });
    const rates = await measureInRounds(cases, { rounds, seconds, onMeasured, signal });
    return cases.map(({ name, threads }, i) => ({ name, threads, rounds: rates[i] }));
  }

  get engineReport(): ByThreads<EngineReport> {
    const [one, all] = this.#engines.map(({ stages, eventLoopDelay }) => ({
      stagesMs: stages,
      eventLoopDelayMs: eventLoopDelay,
    }));
    return { one, ...(all && { all }) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
  }

  #addNetworks(counts: readonly number[], { bundle, pixels }: Workload): void {
    const { backend, resnet18Patches: patches } = this.#options;
    const frames = pixels.slice(0, 8);
    const threads = new BenchThreads(Math.max(...counts), { backend, bundle, frames, patches });
    this.#closing.push(() => threads.close());
    for (const name of ['network', 'encoder', 'resnet18-patches'] as const) {
      for (const count of counts) {
        this.#cases.push({ name, threads: count, ...threads.running(name, count) });
      }
    }
  }

  async #addEngine(threads: number, { folder, bundle }: Workload): Promise<void> {
    const run = await this.#start(threads, bundle);
    this.#engines.push(run);
    const measure = (seconds: number) => run.stream(folder, seconds);
    this.#cases.push({ name: 'engine', threads, measure });
  }

  async #addPatches(threads: number, { bundle, jpegs }: Workload): Promise<void> {
    const run = await this.#start(threads, bundle, PATCH);
    const frames = jpegs.slice(0, threads).map(frameOf);
    this.#cases.push({ name: 'patches', threads, measure: () => run.batch(frames) });
  }

  async #start(cores: number, bundle: Workload['bundle'], tile?: number): Promise<EngineRun> {
    const { encode, decode } = defaultThreads(cores);
    const run = await EngineRun.start({
      models: ModelSet.single(bundle),
      backend: this.#options.backend,
      encoderThreads: encode,
      decodeThreads: decode,
      ...(tile !== undefined && { tile }),
    });
    this.#closing.push(() => run.close());
    return run;
  }
}

function frameOf(bytes: Uint8Array, index: number): Frame {
  return {
    id: `frame-${index}`,
    camera: 'bench',
    capturedAt: 0,
    bytes,
    encoding: { kind: 'encoded' },
    origin: { topic: 'bench', partition: -1, offset: String(index) },
  };
}
