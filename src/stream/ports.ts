/**
 * The two small ports between the engine and the world. Kafka, a folder and the demo line are
 * sources; Kafka, a JSON-lines file, dead letters and the live page are sinks. Another client
 * library is one file that implements one of these.
 */
import type { Frame, Outcome } from '../frame/frame.js';

/** What a source gets back for each frame that was let in. */
export interface Ticket {
  /**
   * Resolves once every sink has acknowledged the outcome of this frame: only then may a source
   * commit it. Rejects if a sink failed for good; the frame then must not be committed.
   */
  readonly settled: Promise<Outcome>;
}

/**
 * Hands one frame to the engine. Waits until credits (frames and bytes in flight) are free, so a
 * source that awaits it is held back as long as the engine is behind. Rejects once the engine or a
 * sink is broken for good.
 */
export type Admit = (frame: Frame) => Promise<Ticket>;

export interface FrameSource {
  readonly name: string;
  /** False while a source that has started cannot deliver (its broker is away). Default true. */
  readonly ready?: boolean;
  /** Connects and begins to deliver; resolves once frames can flow. Throws if it never will. */
  start(admit: Admit): Promise<void>;
  /**
   * Stops delivering and resolves when all admitted frames are settled and committed; those whose
   * `settled` rejects are not. Idempotent, and legal at any time: before the start, while it is
   * under way, after `finished`.
   */
  stop(): Promise<void>;
  /** Resolves when the source has no more frames (a folder), rejects if it died. */
  readonly finished: Promise<void>;
}

export interface OutcomeSink {
  readonly name: string;
  /**
   * Resolves once the outcome is safe. Called in order for the frames of a partition or camera, the
   * next one before this has resolved: the sink keeps their order. A rejection is for good: what came
   * behind in that order is not published either, and nothing more comes.
   */
  publish(frame: Frame, outcome: Outcome): Promise<void>;
  close(): Promise<void>;
}
