/**
 * Frames in, outcomes out: decoding threads, encoder threads, verdicts. The engine knows no source
 * and no sink; whoever uses it bounds what is in flight (see stream/pipeline.ts).
 */
import type { BackendMemory } from '../backend/encoder.js';
import { deferred } from '../deferred.js';
import { asPatchlineError, PatchlineError } from '../errors.js';
import type { Frame, Outcome } from '../frame/frame.js';
import { Lifecycle } from './lifecycle.js';
import { type EngineOptions, framesInWork, type ThreadCounts, threadsOf } from './options.js';
import { MODULES, Stages } from './stages.js';

export { defaultThreads, type EngineOptions, type OverlayPolicy } from './options.js';

/** As many failures of threads in a row mean that it is the threads and not the frames. */
const MAX_FAILURES_IN_A_ROW = 5;

export class Engine {
  readonly lifecycle = new Lifecycle();
  readonly threads: ThreadCounts;
  /** Frames that all threads have in work at once: fewer in flight would leave some idle. */
  readonly framesInWork: number;
  readonly #options: EngineOptions;
  readonly #modules: typeof MODULES;
  #stages: Stages | undefined;
  #stopping: Promise<void> | undefined;
  #inFlight = 0;
  #failures = 0;
  #failuresInARow = 0;
  #whenIdle: (() => void) | undefined;

  /** @param modules other ones in tests, whose threads fail */
  constructor(options: EngineOptions, modules = MODULES) {
    this.#options = options;
    this.#modules = modules;
    this.threads = threadsOf(options);
    this.framesInWork = framesInWork(options);
  }

  /**
   * Starts all threads, loads the models into each and runs one blank frame through each.
   *
   * @throws why a thread or a model does not start; PL_ABORTED if it was stopped meanwhile
   */
  async start(): Promise<void> {
    this.lifecycle.transition('starting');
    try {
      this.#stages = new Stages(this.#options, this.threads, this.#modules, {
        onDeath: (error) => this.#countFailure(error),
        onBroken: (error) => this.#fail(error),
      });
      await this.#stages.warmUp();
    } catch (error) {
      if (this.lifecycle.state === 'starting') this.#fail(asPatchlineError(error, 'PL_BACKEND'));
    }
    if (this.lifecycle.state === 'starting') return this.lifecycle.transition('running');
    await this.#stages?.close();
    const stopped = new PatchlineError('PL_ABORTED', 'the engine was stopped while it started');
    throw this.lifecycle.failure ?? stopped;
  }

  /** What the back ends of all encoder threads hold. */
  get memory(): BackendMemory {
    return this.#stages?.memory ?? { bytes: 0, tensors: 0 };
  }

  /** Frames that broke a thread, and threads that ended by themselves, since the start. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Judges one frame. A frame that cannot be judged is an outcome (`rejected`), not an error.
   *
   * @throws PL_STATE before the start and after the stop; the failure, if the engine has failed
   */
  async judge(frame: Frame): Promise<Outcome> {
    const stages = this.#openStages();
    if (frame.problem !== undefined) return { verdict: 'rejected', ...frame.problem };
    this.#inFlight++;
    try {
      const judgement = await stages.judge(frame);
      this.#failuresInARow = 0;
      return judgement;
    } catch (error) {
      return this.#rejectionOf(frame, asPatchlineError(error));
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) this.#whenIdle?.();
    }
  }

  /** From now on the engine is draining: it finishes what is there and is about to stop. */
  drain(): void {
    if (this.lifecycle.state === 'running') this.lifecycle.transition('draining');
  }

  /**
   * Finishes the frames in flight and ends the threads; after `deadlineMs` it ends them anyway and
   * rejects with PL_TIMEOUT. Idempotent: every call waits for the same stop.
   */
  stop(deadlineMs = 10_000): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    if (this.lifecycle.state === 'idle') return this.lifecycle.transition('stopped');
    if (this.lifecycle.state === 'starting') this.lifecycle.transition('draining');
    this.drain();
    const drained = await this.#untilIdle(deadlineMs);
    if (!drained) {
      const message = `frames in flight ${deadlineMs} ms after the stop: ${this.#inFlight}`;
      this.#fail(new PatchlineError('PL_TIMEOUT', message));
    }
    await this.#stages?.close();
    if (!drained) throw this.lifecycle.failure;
    if (this.lifecycle.state === 'draining') this.lifecycle.transition('stopped');
  }

  /** Bad frames become outcomes; a failed engine throws. */
  #rejectionOf({ camera }: Frame, error: PatchlineError): Outcome {
    if (error.disposition !== 'reject') this.#countFailure(error);
    if (this.lifecycle.failure !== undefined) throw this.lifecycle.failure;
    return {
      verdict: 'rejected',
      code: error.code,
      message: `${error.message} (camera ${camera})`,
    };
  }

  /** A frame that breaks a thread is a bad frame; five in a row are a broken engine. */
  #countFailure(error: PatchlineError): void {
    if (this.lifecycle.failure !== undefined) return; // it took those with it that were in work
    this.#failures++;
    this.#failuresInARow++;
    if (this.#failuresInARow < MAX_FAILURES_IN_A_ROW) return;
    const message = `the engine failed ${MAX_FAILURES_IN_A_ROW} times in a row: ${error.message}`;
    this.#fail(new PatchlineError('PL_BACKEND', message, { cause: error }));
  }

  /** Ends the threads too, so that all who wait for a frame learn of it. */
  #fail(error: PatchlineError): void {
    this.lifecycle.fail(error);
    void this.#stages?.close();
  }

  #openStages(): Stages {
    const { state, failure } = this.lifecycle;
    const open = state === 'running' || state === 'draining';
    if (open && this.#stages !== undefined) return this.#stages;
    throw failure ?? new PatchlineError('PL_STATE', `the engine is ${state}: it judges no frames`);
  }

  async #untilIdle(deadlineMs: number): Promise<boolean> {
    if (this.#inFlight === 0) return true;
    const { promise, resolve } = deferred<boolean>();
    const timer = setTimeout(() => resolve(false), deadlineMs);
    this.#whenIdle = () => resolve(true);
    const idle = await promise;
    clearTimeout(timer);
    return idle;
  }
}
