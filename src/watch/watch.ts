/** Follows each camera over its frames: what they say together that one of them does not. */
import type { ModelSet } from '../engine/models.js';
import type { Frame, Outcome } from '../frame/frame.js';
import { CalibratedRank } from './calibrated-rank.js';
import { Drift } from './drift.js';
import { type AlarmRule, Line } from './line-state.js';
import type { Standing } from './standing.js';

export interface WatchOptions {
  readonly models: ModelSet;
  readonly alarmAfter: AlarmRule;
  /** Cameras followed at a time; the one that was silent longest makes room. Default 1000. */
  readonly maxCameras?: number;
  /** Told of cameras that are followed no more: what was said of them holds no more. */
  readonly onForgotten?: (camera: string) => void;
}

interface Followed {
  readonly line: Line;
  readonly drift: Drift | undefined;
  readonly alpha: number | undefined;
  /** Where its last frame came from; −1 where there are no partitions. */
  partition: number;
}

/**
 * Frames must come in the order of their camera. What is known is this worker's own: it begins anew
 * with the worker, and for a camera whose partition comes from another worker.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #maxCameras: number;
  /** By camera; the one that was silent longest first. */
  readonly #cameras = new Map<string, Followed>();
  /** Those of this worker; undefined where there are none. */
  #partitions: readonly number[] | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#maxCameras = options.maxCameras ?? 1000;
  }

  follow({ camera, origin }: Frame, outcome: Outcome): Standing {
    const followed = this.#take(camera);
    followed.partition = origin.partition;
    const line = followed.line.follow(outcome.verdict);
    const drift =
      outcome.verdict === 'rejected' ? undefined : followed.drift?.follow(outcome.score);
    const { alpha } = followed;
    return { line, ...(drift && { drift }), ...(alpha !== undefined && { alpha }) };
  }

  /** A frame that was too old to be judged says nothing of its line, but that its camera is here. */
  skipped(frame: Frame): void {
    this.#take(frame.camera).partition = frame.origin.partition;
    this.settled(frame);
  }

  /** This worker has these partitions now: the cameras of all others are another worker's. */
  keep(partitions: readonly number[]): void {
    this.#partitions = partitions;
    for (const [camera, { partition }] of this.#cameras) {
      if (!this.#has(partition)) this.#forget(camera);
    }
  }

  /** All is told of the frame. Its partition may have gone while it was in work: so does its camera. */
  settled({ camera, origin }: Frame): void {
    if (!this.#has(origin.partition)) this.#forget(camera);
  }

  #has(partition: number): boolean {
    return this.#partitions?.includes(partition) ?? true;
  }

  /** The camera, which now is the one that was heard last. */
  #take(camera: string): Followed {
    const followed = this.#cameras.get(camera) ?? this.#begin(camera);
    this.#cameras.delete(camera);
    this.#cameras.set(camera, followed);
    const [quietest] = this.#cameras.keys();
    if (this.#cameras.size > this.#maxCameras) this.#forget(quietest);
    return followed;
  }

  #begin(camera: string): Followed {
    const { models, alarmAfter } = this.#options;
    const calibration = models.find(camera)?.manifest.calibration;
    const rank = calibration && CalibratedRank.of(calibration);
    return {
      line: new Line(alarmAfter),
      drift: rank && new Drift(rank),
      alpha: calibration?.alpha,
      partition: -1,
    };
  }

  #forget(camera: string): void {
    this.#cameras.delete(camera);
    this.#options.onForgotten?.(camera);
  }
}
