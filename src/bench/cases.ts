/** All that is measured, started: threads and models stay loaded, so that rounds can alternate. */

import type { BackendName } from '../backend/backends.js';
import { defaultThreads } from '../engine/engine.js';
import { ModelSet } from '../engine/models.js';
import type { Frame } from '../frame/frame.js';
import { PATCH } from '../localize/tiling.js';
import type { Work } from './bench-thread.js';
import { BenchThreads } from './bench-threads.js';
import { EngineRun } from './engine-run.js';
import { type LatencyReport, LOAD, latencyOf, MIN_LATENCY_FRAMES } from './latency.js';
import type { ByThreads, CaseName, EngineReport } from './report.js';
import type { Measurable } from './rounds.js';
import type { Workload } from './workload.js';

/** A case with a number of threads. */
export interface BenchCase extends Measurable {
  readonly name: CaseName;
  readonly threads: number;
}

export interface CasesOptions {
  readonly backend: BackendName;
  /** Of the cases with all threads; every case also runs with one. */
  readonly threads: number;
  /** Patches of a frame that ResNet-18 is run on. */
  readonly resnet18Patches: number;
}

/** Frames that bench threads take turns with. */
const FRAMES = 8;

export class Cases {
  readonly all: BenchCase[] = [];
  readonly #options: CasesOptions;
  readonly #workload: Workload;
  readonly #engines: EngineRun[] = []; // with one thread, with all
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(options: CasesOptions, workload: Workload) {
    this.#options = options;
    this.#workload = workload;
  }

  /** Rejects if threads or model do not start, and with the signal's reason when aborted. */
  static async start(
    options: CasesOptions,
    workload: Workload,
    signal: AbortSignal,
  ): Promise<Cases> {
    const cases = new Cases(options, workload);
    const counts = [...new Set([1, options.threads])];
    try {
      for (const threads of counts) {
        signal.throwIfAborted();
        await cases.#addEngine(threads);
        await cases.#addPatches(threads);
      }
      cases.#addNetworks(counts);
      return cases;
    } catch (error) {
      await cases.close();
      throw error;
    }
  }

  get engineReport(): ByThreads<EngineReport> {
    const [one, all] = this.#engines.map(({ stages, eventLoopDelay }) => ({
      stagesMs: stages,
      eventLoopDelayMs: eventLoopDelay,
    }));
    return { one, ...(all && { all }) };
  }

  /** Of the engine with all threads, at a share of the speed that was measured. */
  async latency(speed: number, seconds: number): Promise<LatencyReport> {
    const rate = LOAD * speed;
    const { jpegs } = this.#workload;
    const count = Math.max(MIN_LATENCY_FRAMES, Math.ceil(rate * seconds));
    const frames = Array.from({ length: count }, (_, i) => frameOf(jpegs[i % jpegs.length], i));
    return latencyOf(await this.#engines[this.#engines.length - 1].paced(frames, rate), rate);
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
  }

  async #addEngine(threads: number): Promise<void> {
    const run = await this.#startEngine(threads);
    this.#engines.push(run);
    const measure = (seconds: number) => run.stream(this.#workload.folder, seconds);
    this.all.push({ name: 'engine', threads, measure });
  }

  /** One frame a thread at once: a frame takes seconds. */
  async #addPatches(threads: number): Promise<void> {
    const run = await this.#startEngine(threads, PATCH);
    const { jpegs } = this.#workload;
    const frames = Array.from({ length: threads }, (_, i) => frameOf(jpegs[i % jpegs.length], i));
    this.all.push({ name: 'patches', threads, measure: () => run.batch(frames) });
  }

  #addNetworks(counts: readonly number[]): void {
    const { backend, resnet18Patches: patches } = this.#options;
    const { bundle, pixels } = this.#workload;
    const data = { bundle, frames: pixels.slice(0, FRAMES), patches };
    const start = (name: BackendName): BenchThreads => {
      const threads = new BenchThreads(Math.max(...counts), { ...data, backend: name });
      this.#closing.push(() => threads.close());
      return threads;
    };
    const threads = start(backend);
    const baseline = start('wasm');
    for (const count of counts) {
      const add = (name: CaseName, pool: BenchThreads, work: Work): void => {
        this.all.push({ name, threads: count, ...pool.running(work, count) });
      };
      add('network', threads, 'network');
      add('encoder', threads, 'encoder');
      add('wasm-network', baseline, 'network');
      add('wasm-encoder', baseline, 'encoder');
      add('resnet18-patches', baseline, 'resnet18-patches');
    }
  }

  async #startEngine(threads: number, tile?: number): Promise<EngineRun> {
    const run = await EngineRun.start({
      models: ModelSet.single(this.#workload.bundle),
      backend: this.#options.backend,
      encoderThreads: threads,
      decodeThreads: defaultThreads(threads).decode,
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
