/** The whole worker: one source, the engine, the sinks, from start to a clean end. */
import { deferred } from '../deferred.js';
import type { Load } from '../engine/credits.js';
import type { Engine } from '../engine/engine.js';
import { asPatchlineError, PatchlineError } from '../errors.js';
import type { Health } from '../observe/health.js';
import type { Metrics } from '../observe/metrics.js';
import { Pipeline } from './pipeline.js';
import type { FrameSource, OutcomeSink } from './ports.js';

export interface WorkerOptions {
  readonly engine: Engine;
  readonly source: FrameSource;
  readonly sinks: readonly OutcomeSink[];
  readonly credits: Load;
  readonly metrics?: Metrics;
  /** What is in flight at the stop may take this long; then the worker gives up. Default 8 s. */
  readonly drainMs?: number;
}

const MIB = 2 ** 20;

/** Enough to keep every thread busy with a frame or two waiting; more only adds latency. */
export function defaultCredits(threads: {
  readonly encode: number;
  readonly decode: number;
}): Load {
  return { frames: 2 * (threads.encode + threads.decode) + 2, bytes: 256 * MIB };
}

export class StreamWorker {
  readonly #options: WorkerOptions;
  readonly #pipeline: Pipeline;
  readonly #failure = deferred<never>();
  #connected = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { engine, sinks, credits, metrics } = options;
    this.#failure.promise.catch(() => {});
    this.#pipeline = new Pipeline(engine, sinks, credits, this.#failure.reject, {
      load: (inFlight) => metrics?.inFlight(inFlight),
      settled: (frame, outcome, publishMs) => {
        metrics?.frameSettled(frame, outcome);
        metrics?.stage('publish', publishMs);
        const { bytes, tensors } = engine.memory;
        metrics?.encoder({ memoryBytes: bytes, tensors });
      },
    });
    metrics?.credits(credits);
    engine.lifecycle.onChange((state) => metrics?.state(state));
  }

  /**
   * Runs until the source has no more frames or the signal aborts; then drains, closes the sinks
   * and ends the threads. Every frame that was let in is settled, or this rejects.
   *
   * @throws what broke the source, the engine or a sink; PL_TIMEOUT if the drain took too long
   */
  async run(signal: AbortSignal): Promise<void> {
    const { engine, source } = this.#options;
    await engine.start();
    const stopped = deferred();
    signal.addEventListener('abort', () => stopped.resolve(), { once: true });
    try {
      if (!signal.aborted) {
        await source.start(this.#pipeline.admit);
        this.#connected = true;
        await Promise.race([source.finished, stopped.promise, this.#failure.promise]);
      }
      await this.#end();
    } catch (error) {
      await this.#end().catch(() => {}); // the first error is the one to tell
      throw asPatchlineError(error);
    }
  }

  get health(): Health {
    const { state, failure } = this.#options.engine.lifecycle;
    const ready = state === 'running' && this.#connected;
    const reasons =
      failure !== undefined ? [failure.message] : ready ? [] : [this.#waitingFor(state)];
    return { live: state !== 'failed', ready, state, reasons };
  }

  #waitingFor(state: string): string {
    return state === 'running'
      ? `connecting to ${this.#options.source.name}`
      : `the worker is ${state}`;
  }

  #ending: Promise<void> | undefined;

  #end(): Promise<void> {
    this.#ending ??= this.#drainAndClose();
    return this.#ending;
  }

  async #drainAndClose(): Promise<void> {
    const { engine, source, sinks, drainMs = 8000 } = this.#options;
    engine.drain();
    const deadline = Date.now() + drainMs;
    const drained = await within(
      drainMs,
      Promise.race([source.stop(), this.#failure.promise]),
    ).then(
      (inTime) => ({ inTime, error: undefined }),
      (error: unknown) => ({ inTime: true, error }),
    );
    const closed = await Promise.allSettled(sinks.map((sink) => within(drainMs, sink.close())));
    await engine.stop(Math.max(0, deadline - Date.now()));
    if (drained.error !== undefined) throw drained.error;
    if (!drained.inTime) {
      const { frames } = this.#pipeline.credits.inFlight;
      throw new PatchlineError(
        'PL_TIMEOUT',
        `${frames} frames were not settled ${drainMs} ms after the stop`,
        {
          hint: 'they were not committed: the next start delivers them again',
        },
      );
    }
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }
}

/** Whether the work was done in time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const timeout = deferred<boolean>();
  const timer = setTimeout(() => timeout.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
