import { SHARE_ENV } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { asPatchlineError, PatchlineError } from '../errors.js';
import { type Reply, unwrap } from './reply.js';

export interface ThreadsOptions {
  /** What they do, for errors: `decoding`. */
  readonly name: string;
  /** The module that each thread runs. Its exports are the tasks, made by `answering`. */
  readonly file: URL;
  readonly count: number;
  /** Tasks that a thread has at once. Default 1; more overlap only where they wait for a device. */
  readonly tasksAtOnce?: number;
  /** Each thread gets a copy as piscina's `workerData`. */
  readonly data?: unknown;
  /** A thread died between two tasks. Another has taken its place. */
  readonly onDeath: (error: PatchlineError) => void;
  /** Threads die as soon as they start: there are too few now, and no more will come. */
  readonly onBroken: (error: PatchlineError) => void;
}

type TaskOf<F> = F extends (task: infer Task) => Promise<Reply<unknown>> ? Task : never;
type ValueOf<F> = F extends (task: never) => Promise<Reply<infer Value>> ? Value : never;

/**
 * Room for young objects in a thread. V8 lets dead arrays gather to two thirds of it: with the
 * default of 48 MB memory grows for thousands of frames, and helper threads clean up all the time.
 */
const YOUNG_MB = 12;

/**
 * Threads that all run the same module. Every task is answered, whatever becomes of its thread.
 *
 * @typeParam Tasks the exports of the module
 */
export class Threads<Tasks> {
  readonly #name: string;
  readonly #pool: Piscina;
  #closing: Promise<void> | undefined;
  #lastDeath = 'no reason given';

  constructor({ name, file, count, tasksAtOnce = 1, data, ...events }: ThreadsOptions) {
    const { onDeath, onBroken } = events;
    this.#name = name;
    this.#pool = new Piscina({
      filename: file.href,
      minThreads: count,
      maxThreads: count,
      concurrentTasksPerWorker: tasksAtOnce,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled', // an idle thread blocked in Atomics.wait could not finish sharp's work
      stricterFIFO: true, // else each finished task sends the oldest waiting one to the end
      env: SHARE_ENV, // TensorFlow reads the process's environment, not a copy of it
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      ...(data !== undefined && { workerData: data }),
    });
    // Without a listener an idle thread that dies would take the process with it.
    this.#pool.on('error', (error: Error) => {
      if (this.#closing === undefined) onDeath(this.#death(error));
    });
    // piscina replaces a thread that dies, unless it never got to work: then it gives up in silence.
    this.#pool.on('workerDestroy', () =>
      setImmediate(() => {
        if (this.#closing !== undefined || this.#pool.threads.length >= count) return;
        const message = `the ${name} threads die when they start: ${this.#lastDeath}`;
        onBroken(new PatchlineError('PL_BACKEND', message));
      }),
    );
  }

  /** Ids of the threads that are alive. */
  get ids(): number[] {
    return this.#pool.threads.map(({ threadId }) => threadId);
  }

  /**
   * Runs a task on the next free thread, first come, first served. `moving` changes its owner.
   *
   * @throws what the task threw; PL_BACKEND if its thread died; PL_STATE once closed
   */
  async run<Name extends keyof Tasks & string>(
    name: Name,
    task: TaskOf<Tasks[Name]>,
    moving: readonly ArrayBuffer[],
  ): Promise<ValueOf<Tasks[Name]>> {
    // piscina would start new threads.
    if (this.#closing !== undefined) throw this.#closed();
    const options = { name, transferList: [...moving] };
    const reply: Reply<ValueOf<Tasks[Name]>> = await this.#pool
      .run(task, options)
      .catch((error: unknown) => {
        throw this.#closing === undefined ? this.#death(error) : this.#closed();
      });
    return unwrap(reply);
  }

  /** Ends the threads at once; tasks that wait or run reject. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#pool.destroy();
    return this.#closing;
  }

  /** An error that was not answered: the thread that had it is gone. */
  #death(error: unknown): PatchlineError {
    const { code, message, hint } = asPatchlineError(error, 'PL_BACKEND');
    this.#lastDeath = message;
    const details = { cause: error, ...(hint !== undefined && { hint }) };
    return new PatchlineError(code, `one of the ${this.#name} threads died: ${message}`, details);
  }

  #closed(): PatchlineError {
    return new PatchlineError('PL_STATE', `the ${this.#name} threads have ended`);
  }
}
