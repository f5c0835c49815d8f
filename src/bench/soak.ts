/** Many frames through the whole worker: does its memory stay where it is? */
import type { BackendChoice } from '../backend/choice.js';
import { chooseFor } from '../detect/choose.js';
import { defaultThreads, Engine } from '../engine/engine.js';
import { ModelSet } from '../engine/models.js';
import { FolderSource } from '../stream/folder/source.js';
import type { OutcomeSink } from '../stream/ports.js';
import { defaultCredits, StreamWorker } from '../stream/worker.js';
import { fitProgress, type OnBenchProgress } from './bench.js';
import { describeMachine, type Machine } from './machine.js';
import { prepareWorkload, type Workload } from './workload.js';

export interface SoakOptions {
  readonly model?: string;
  /** Rounded up to whole passes over the folder. */
  readonly frames: number;
  readonly backend: BackendChoice;
  /** Told of the back end that was chosen. */
  readonly onBackend: (line: string) => void;
  /** That run the network. Default: one a core. */
  readonly threads?: number;
}

export interface MemorySample {
  /** Resident set of the process with all its threads, bytes. */
  readonly rss: number;
  /** JavaScript heap of the main thread, bytes. */
  readonly heap: number;
  /** Of all encoder threads. */
  readonly tensors: number;
}

export interface SoakReport {
  readonly schema: 'patchline.soak/1';
  readonly machine: Machine;
  readonly backend: string;
  readonly frames: number;
  readonly framesPerSecond: number;
  /** Means over each tenth of the frames. */
  readonly tenths: readonly MemorySample[];
  /** RSS of the last tenth against the second; the first one still warms up. */
  readonly rssGrowth: number;
  /** Whether that is at most 5 %. */
  readonly rssFlat: boolean;
  readonly tensorsConstant: boolean;
}

const SAMPLES_A_TENTH = 20;
const MOST_GROWTH = 0.05;

/** Rejects with the signal's reason when aborted. */
export async function runSoak(
  options: SoakOptions,
  onProgress: OnBenchProgress,
  signal: AbortSignal,
): Promise<SoakReport> {
  const machine = describeMachine();
  const workload = await prepareWorkload(options.model, fitProgress(onProgress), signal);
  try {
    return { ...(await soak(options, workload, onProgress, signal)), machine };
  } finally {
    await workload.remove();
  }
}

async function soak(
  options: SoakOptions,
  { bundle, folder, jpegs }: Workload,
  onProgress: OnBenchProgress,
  signal: AbortSignal,
): Promise<Omit<SoakReport, 'machine'>> {
  const rounds = Math.ceil(options.frames / jpegs.length);
  const frames = rounds * jpegs.length;
  const { encode: encoderThreads, decode: decodeThreads } = defaultThreads(options.threads);
  const models = ModelSet.single(bundle);
  const backend = await chooseFor(options.backend, [bundle], { say: options.onBackend });
  const overlay = () => 'never' as const;
  const engine = new Engine({ models, backend, encoderThreads, decodeThreads, overlay });
  const onFrame = (done: number): void => onProgress({ phase: 'soak', done, total: frames });
  const sampler = new Sampler(engine, frames, onFrame);
  const worker = new StreamWorker({
    engine,
    source: new FolderSource(folder, { rounds }),
    sinks: [sampler],
    credits: defaultCredits(engine.framesInWork),
  });
  const start = performance.now();
  await worker.run(signal);
  signal.throwIfAborted();
  const framesPerSecond = (1000 * frames) / (performance.now() - start);
  return {
    schema: 'patchline.soak/1',
    backend,
    frames,
    framesPerSecond,
    ...summary(sampler.samples),
  };
}

/** Takes equally many samples in each tenth of the frames that it counts. */
class Sampler implements OutcomeSink {
  readonly name = 'memory';
  readonly samples: MemorySample[] = [];
  readonly #engine: Engine;
  readonly #frames: number;
  readonly #onFrame: (done: number) => void;
  #done = 0;

  constructor(engine: Engine, frames: number, onFrame: (done: number) => void) {
    this.#engine = engine;
    this.#frames = frames;
    this.#onFrame = onFrame;
  }

  publish(): Promise<void> {
    this.#done++;
    const due = (10 * SAMPLES_A_TENTH * this.#done) / this.#frames;
    if (this.samples.length + 1 <= due) {
      const { rss, heapUsed } = process.memoryUsage();
      this.samples.push({ rss, heap: heapUsed, tensors: this.#engine.memory.tensors });
    }
    this.#onFrame(this.#done);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** @param samples equally many of each tenth */
export function summary(
  samples: readonly MemorySample[],
): Pick<SoakReport, 'tenths' | 'rssGrowth' | 'rssFlat' | 'tensorsConstant'> {
  const each = samples.length / 10;
  const tenths = Array.from({ length: 10 }, (_, tenth) =>
    meanOf(samples.slice(Math.floor(tenth * each), Math.floor((tenth + 1) * each))),
  );
  const rssGrowth = tenths[9].rss / tenths[1].rss - 1;
  const settled = samples.slice(Math.floor(each));
  return {
    tenths,
    rssGrowth,
    rssFlat: rssGrowth <= MOST_GROWTH,
    tensorsConstant: settled.every(({ tensors }) => tensors === settled[0].tensors),
  };
}

function meanOf(samples: readonly MemorySample[]): MemorySample {
  const mean = (key: keyof MemorySample): number =>
    samples.reduce((sum, sample) => sum + sample[key], 0) / samples.length;
  return { rss: mean('rss'), heap: mean('heap'), tensors: mean('tensors') };
}
