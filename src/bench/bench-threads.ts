import { Piscina } from 'piscina';
import type { BenchCount, BenchTask, BenchThreadData, Work } from './bench-thread.js';
import { cpuClock, type Measurable } from './rounds.js';

/** A pool of threads that run networks and nothing else. */
export class BenchThreads {
  readonly #pool: Piscina<BenchTask, BenchCount>;

  constructor(threads: number, data: BenchThreadData) {
    this.#pool = new Piscina({
      filename: new URL('./bench-thread.js', import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled', // a waiting thread shall cost nothing
      workerData: data,
    });
  }

  /** `work` in so many threads at once. */
  running(work: Work, threads: number): Measurable {
    return {
      measure: async (seconds) => {
        const run = () => this.#pool.run({ work, seconds }, { name: 'measure' });
        const cpuMs = cpuClock();
        const counts = await Promise.all(Array.from({ length: threads }, run));
        const frames = counts.reduce((sum, count) => sum + count.frames, 0);
        return {
          framesPerSecond: counts.reduce((sum, count) => sum + (1000 * count.frames) / count.ms, 0),
          cpuMsPerFrame: cpuMs() / frames,
        };
      },
    };
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
