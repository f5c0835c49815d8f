/** The whole worker: one source, the engine, the sinks, from start to a clean end. */
import { once } from 'node:events';
import { deferred } from '../deferred.js';
import type { Load } from '../engine/credits.js';
import type { Engine } from '../engine/engine.js';
import type { LifecycleState } from '../engine/lifecycle.js';
import { asPatchlineError, type ErrorCode, PatchlineError } from '../errors.js';
import type { Health } from '../observe/health.js';
import type { Metrics } from '../observe/metrics.js';
import type { Watch } from '../watch/watch.js';
import { Pipeline } from './pipeline.js';
import type { FrameSource, OutcomeSink } from './ports.js';

export interface WorkerOptions {
  readonly engine: Engine;
  readonly source: FrameSource;
  readonly sinks: readonly OutcomeSink[];
  readonly credits: Load;
  readonly metrics?: Metrics;
  /** Tells with each outcome how its camera stands. */
  readonly watch?: Watch;
  /** When the signal aborts, frames in flight get this long; then the worker gives up. Default 8 s. */
  readonly drainMs?: number;
}

const MIB = 2 ** 20;

/** For what comes after the drain: with its default, all is over in 10 s. */
const CLOSE_MS = 1000;

/** Enough to keep every thread busy with a frame or two waiting; more only adds latency. */
export function defaultCredits(framesInWork: number): Load {
  return { frames: 2 * framesInWork + 2, bytes: 256 * MIB };
}

export class StreamWorker {
  readonly #options: WorkerOptions;
  readonly #pipeline: Pipeline;
  readonly #broken = deferred<never>();
  #connected = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { engine, sinks, credits, metrics, watch } = options;
    this.#broken.promise.catch(() => {}); // it may break when nobody waits any more
    this.#pipeline = new Pipeline(engine, sinks, credits, this.#broken.reject, {
      load: (inFlight) => metrics?.inFlight(inFlight),
      ...(watch && {
        turn: (frame, outcome) => ({ ...outcome, standing: watch.follow(frame, outcome) }),
      }),
      settled: (frame, outcome, publishMs) => {
        metrics?.frameSettled(frame, outcome);
        metrics?.stage('publish', publishMs);
        this.#reportEncoder();
      },
    });
    metrics?.credits(credits);
    engine.lifecycle.onChange((state) => {
      metrics?.state(state);
      if (engine.lifecycle.failure === undefined) return;
      this.#reportEncoder();
      this.#pipeline.fail(engine.lifecycle.failure);
    });
  }

  /**
   * Runs until the source has no more frames or the signal aborts; then drains, ends the threads
   * and closes the sinks. Every frame that was let in is settled, or this rejects.
   *
   * @throws what broke the source, the engine or a sink; PL_TIMEOUT if the drain took too long;
   *   PL_STATE on a second run
   */
  async run(signal: AbortSignal): Promise<void> {
    const { engine } = this.#options;
    if (engine.lifecycle.state !== 'idle') {
      throw new PatchlineError(
        'PL_STATE',
        `the engine is ${engine.lifecycle.state}: a worker runs once`,
      );
    }
    await this.#attempt('PL_SOURCE', () =>
      Promise.race([this.#work(signal), aborted(signal), this.#broken.promise]),
    );
    await this.#end();
    if (this.#pipeline.failure !== undefined) throw this.#pipeline.failure;
  }

  get health(): Health {
    const { engine, source } = this.#options;
    const { state } = engine.lifecycle;
    const { failure } = this.#pipeline;
    const connected = this.#connected && (source.ready ?? true);
    const ready = failure === undefined && state === 'running' && connected;
    if (ready) return { live: true, ready, state, reasons: [] };
    const reason = failure?.message ?? this.#waitingFor(state);
    return { live: failure === undefined, ready, state, reasons: [reason] };
  }

  #reportEncoder(): void {
    const { engine, metrics } = this.#options;
    const { bytes, tensors } = engine.memory;
    metrics?.encoder({ memoryBytes: bytes, tensors, failures: engine.failures });
  }

  #waitingFor(state: LifecycleState): string {
    return state === 'running'
      ? `connecting to ${this.#options.source.name}`
      : `the worker is ${state}`;
  }

  /** From the start to the last frame of the source, which takes as long as it takes. */
  async #work(signal: AbortSignal): Promise<void> {
    const { engine, source } = this.#options;
    await engine.start();
    if (signal.aborted) return;
    await source.start(this.#pipeline.admit);
    this.#connected = true;
    await source.finished;
    engine.drain();
    await source.stop();
  }

  async #end(): Promise<void> {
    const { engine, source, sinks, drainMs = 8000 } = this.#options;
    const deadline = performance.now() + drainMs;
    engine.drain();
    await this.#attempt('PL_SOURCE', () =>
      within(drainMs, source.stop(), () => this.#unsettled(drainMs)),
    );
    await this.#attempt('PL_STATE', () => engine.stop(Math.max(0, deadline - performance.now())));
    const closing = sinks.map((sink) =>
      this.#attempt('PL_SINK', () => within(CLOSE_MS, sink.close(), () => unclosed(sink))),
    );
    await Promise.all(closing);
  }

  /** Whatever fails, the rest is still to be done; the first failure is the one to tell. */
  async #attempt(fallback: ErrorCode, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#pipeline.fail(asPatchlineError(error, fallback));
    }
  }

  #unsettled(drainMs: number): PatchlineError {
    const { frames } = this.#pipeline.credits.inFlight;
    const message = `frames that were not settled ${drainMs} ms after the stop: ${frames}`;
    const hint = 'they were not committed: the next start delivers them again';
    return new PatchlineError('PL_TIMEOUT', message, { hint });
  }
}

function unclosed({ name }: OutcomeSink): PatchlineError {
  return new PatchlineError('PL_TIMEOUT', `${name} was not closed after ${CLOSE_MS} ms`);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Waits for the work, or throws what `late` says after `ms`. */
async function within(ms: number, work: Promise<void>, late: () => PatchlineError): Promise<void> {
  const timeout = deferred<never>();
  const timer = setTimeout(() => timeout.reject(late()), ms);
  try {
    await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
