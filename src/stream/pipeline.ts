/**
 * Source → credits → engine → sinks. Frames are judged side by side and given to the sinks in the order
 * in which they came, for each partition (or each camera, where there are none); a frame is settled
 * when every sink has acknowledged its outcome.
 */
import { Credits, type Load } from '../engine/credits.js';
import { asPatchlineError, type PatchlineError } from '../errors.js';
import type { Frame, Outcome } from '../frame/frame.js';
import type { Admit, OutcomeSink, Ticket } from './ports.js';

/** What the pipeline needs of the engine. */
export interface Judge {
  judge(frame: Frame): Promise<Outcome>;
}

export interface PipelineObserver {
  /** It is the turn of a frame: what the sinks are told of it. Called in their order. */
  turn?(frame: Frame, outcome: Outcome): Outcome;
  /** A frame was let in or is settled. */
  load?(inFlight: Load): void;
  /** The sinks have acknowledged an outcome; `publishMs`: how long that took. */
  settled?(frame: Frame, outcome: Outcome, publishMs: number): void;
}

/** A frame that the sinks have. */
interface Publishing {
  readonly outcome: Outcome;
  readonly start: number;
  readonly sent: Promise<unknown>;
}

export class Pipeline {
  readonly credits: Credits;
  readonly #judge: Judge;
  readonly #sinks: readonly OutcomeSink[];
  readonly #observer: PipelineObserver;
  readonly #onFailure: (error: PatchlineError) => void;
  #failure: PatchlineError | undefined;
  /** The last frame of each line of order that the sinks do not have; the next one has its turn after it. */
  readonly #tails = new Map<string, Promise<unknown>>();

  /** @param onFailure called once, with what `failure` then says */
  constructor(
    judge: Judge,
    sinks: readonly OutcomeSink[],
    limit: Load,
    onFailure: (error: PatchlineError) => void,
    observer: PipelineObserver = {},
  ) {
    this.credits = new Credits(limit);
    this.#judge = judge;
    this.#sinks = sinks;
    this.#onFailure = onFailure;
    this.#observer = observer;
  }

  /** Why nothing is let in or published any more: the engine or a sink is broken for good. */
  get failure(): PatchlineError | undefined {
    return this.#failure;
  }

  /** Lets a frame in as soon as there are credits for it. @throws the failure */
  readonly admit: Admit = async (frame) => {
    const release = await this.credits.acquire(frame.bytes.byteLength);
    this.#observer.load?.(this.credits.inFlight);
    const settled = this.#settle(frame).finally(() => {
      release();
      this.#observer.load?.(this.credits.inFlight);
    });
    settled.catch(() => {}); // `onFailure` hears of it, should the source not listen
    return { settled } satisfies Ticket;
  };

  /** Refuses all frames that wait or come, and publishes none that the sinks do not have yet. */
  fail(error: PatchlineError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.credits.close(error);
    this.#onFailure(error);
  }

  #settle(frame: Frame): Promise<Outcome> {
    const { topic, partition } = frame.origin;
    const order = partition < 0 ? frame.camera : `${topic}\n${partition}`;
    const publishing = this.#publishAfter(this.#tails.get(order), frame, this.#judge.judge(frame));
    const tail = publishing.catch(() => {});
    this.#tails.set(order, tail);
    void tail.then(() => {
      if (this.#tails.get(order) === tail) this.#tails.delete(order);
    });
    return this.#acknowledged(frame, publishing);
  }

  /** Resolves once the sinks have the frame; `sent` once they have acknowledged it. */
  async #publishAfter(
    before: Promise<unknown> | undefined,
    frame: Frame,
    judged: Promise<Outcome>,
  ): Promise<Publishing> {
    try {
      const [judgement] = await Promise.all([judged, before]);
      // A frame behind one that was not published would come out of order when both come again.
      if (this.#failure !== undefined) throw this.#failure;
      const outcome = this.#observer.turn?.(frame, judgement) ?? judgement;
      const start = performance.now();
      const sent = Promise.all(this.#sinks.map((sink) => sink.publish(frame, outcome)));
      return { outcome, start, sent };
    } catch (error) {
      throw this.#failedBy(error);
    }
  }

  async #acknowledged(frame: Frame, publishing: Promise<Publishing>): Promise<Outcome> {
    const { outcome, start, sent } = await publishing;
    try {
      await sent;
      this.#observer.settled?.(frame, outcome, performance.now() - start);
      return outcome;
    } catch (error) {
      throw this.#failedBy(error);
    }
  }

  #failedBy(error: unknown): PatchlineError {
    const failure = asPatchlineError(error, 'PL_SINK');
    this.fail(failure);
    return this.#failure ?? failure;
  }
}
