/** Some workers in one group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PatchlineError } from '../../errors.js';
import { ScaleWorker, type WorkerSetup } from './worker.js';

const JOIN_MS = 60_000;

export class Crew {
  readonly #workers: ScaleWorker[] = [];
  readonly #setup: WorkerSetup;
  readonly #partitions: number;

  /** @param partitions of the topic */
  constructor(setup: WorkerSetup, partitions: number) {
    this.#setup = setup;
    this.#partitions = partitions;
  }

  start(count: number): void {
    for (let n = 0; n < count; n++) this.#workers.push(new ScaleWorker(this.#setup));
  }

  /** Resolves once the partitions are dealt out: each worker has its share, none is left over. */
  async settledDown(): Promise<void> {
    for (const end = performance.now() + JOIN_MS; !this.#isDealt; await sleep(20)) {
      for (const worker of this.#workers) worker.assertRuns();
      if (performance.now() < end) continue;
      throw new PatchlineError(
        'PL_TIMEOUT',
        'the workers did not share the partitions in a minute',
      );
    }
  }

  get #isDealt(): boolean {
    const shares = this.#workers.map(({ partitions }) => partitions?.length ?? -1);
    const least = Math.floor(this.#partitions / shares.length);
    const all = shares.reduce((sum, share) => sum + share, 0);
    return all === this.#partitions && shares.every((share) => share >= least);
  }

  /** @returns frames settled and CPU milliseconds so far, and the most memory a worker had */
  get progress() {
    const sum = (of: (worker: ScaleWorker) => number) =>
      this.#workers.reduce((total, worker) => total + of(worker), 0);
    return {
      settled: sum(({ settled }) => settled),
      cpuMs: sum(({ cpuMs }) => cpuMs),
      peakBytes: Math.max(...this.#workers.map(({ peakBytes }) => peakBytes)),
    };
  }

  /** The longest that a frame waited while this went on. */
  async longestWhile(event: () => Promise<void>): Promise<number> {
    const watched = [...this.#workers]; // one that ends meanwhile has frames, too
    for (const worker of watched) worker.longestMs = 0;
    await event();
    return Math.max(...[...watched, ...this.#workers].map(({ longestMs }) => longestMs));
  }

  async endOne(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#workers.pop()?.end(signal);
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.end('SIGTERM')));
  }
}
