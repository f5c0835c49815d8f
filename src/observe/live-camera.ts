import type { Outcome, Verdict } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import type { DriftStatus } from '../watch/drift.js';
import type { LineStatus } from '../watch/line-state.js';
import type { Standing } from '../watch/standing.js';

/** When a frame was settled (ms since the epoch), and what was found; null where not judged. */
export type LivePoint = readonly [
  at: number,
  score: number | null,
  threshold: number | null,
  verdict: Verdict,
];

/**
 * The newest frame that has a picture. Not every frame gets one, and a picture must not stand beside
 * the verdict of another frame.
 */
interface LivePicture {
  /** Grows with each new picture. */
  readonly version: number;
  readonly at: number;
  readonly verdict: Verdict;
  readonly score: number | null;
  readonly threshold: number | null;
  /** Of the frame. */
  readonly size: Size;
}

/** A camera as the page shows it: verdict, score and threshold are those of its newest frame. */
export interface LiveCamera {
  readonly id: string;
  readonly verdict: Verdict;
  readonly score: number | null;
  readonly threshold: number | null;
  /** When its newest frame was settled, ms since the epoch. */
  readonly at: number;
  readonly frames: number;
  readonly anomalies: number;
  readonly rejected: number;
  /** Name of the model that judged it; empty before the first judgement. */
  readonly model: string;
  /** Why the newest frame was rejected; empty if it was not. */
  readonly message: string;
  readonly pictured: LivePicture | null;
  /** Where its line stands; null where nobody follows it. */
  readonly line: Omit<LineStatus, 'before'> | null;
  /** Its drift while that is a warning, else null. */
  readonly drift: Pick<DriftStatus, 'value' | 'limit'> | null;
  /** In a snapshot all that are kept, in an update the ones since the last. Oldest first. */
  readonly points: readonly LivePoint[];
}

const MAX_MESSAGE = 300;

/** What is kept of one camera: its newest facts and a ring of points. */
export class CameraRecord {
  readonly #id: string;
  readonly #capacity: number;
  #facts: Omit<LiveCamera, 'id' | 'points'> = {
    verdict: 'rejected',
    score: null,
    threshold: null,
    at: 0,
    frames: 0,
    anomalies: 0,
    rejected: 0,
    model: '',
    message: '',
    pictured: null,
    line: null,
    drift: null,
  };
  /** The newest points, oldest first; at most `#capacity`. */
  readonly #points: LivePoint[] = [];
  /** How many of the newest points no update has carried yet; at most `#points.length`. */
  #fresh = 0;

  constructor(id: string, capacity: number) {
    this.#id = id;
    this.#capacity = capacity;
  }

  get lastSeen(): number {
    return this.#facts.at;
  }

  record(outcome: Outcome, now: number): void {
    const old = this.#facts;
    const { verdict, standing } = outcome;
    const stands = standing && standingOf(standing, old.drift);
    const counted = { ...old, ...stands, at: now, frames: old.frames + 1, verdict };
    if (outcome.verdict === 'rejected') {
      this.#facts = {
        ...counted,
        score: null,
        rejected: old.rejected + 1,
        message: outcome.message.slice(0, MAX_MESSAGE),
      };
    } else {
      const [score, threshold] = [finite(outcome.score), finite(outcome.threshold)];
      const version = (old.pictured?.version ?? 0) + 1;
      const { size, overlay } = outcome;
      this.#facts = {
        ...counted,
        score,
        threshold,
        anomalies: old.anomalies + (verdict === 'anomalous' ? 1 : 0),
        model: outcome.model.name,
        message: '',
        ...(overlay && { pictured: { version, at: now, verdict, score, threshold, size } }),
      };
    }
    this.#push();
  }

  /** All that is kept. */
  snapshot(): LiveCamera {
    return { id: this.#id, ...this.#facts, points: [...this.#points] };
  }

  /** What is new since the last call, or undefined. */
  takeUpdate(): LiveCamera | undefined {
    if (this.#fresh === 0) return undefined;
    const points = this.#points.slice(-this.#fresh);
    this.#fresh = 0;
    return { id: this.#id, ...this.#facts, points };
  }

  #push(): void {
    const { at, score, threshold, verdict } = this.#facts;
    this.#points.push([at, score, threshold, verdict]);
    if (this.#points.length > this.#capacity) this.#points.shift();
    this.#fresh = Math.min(this.#fresh + 1, this.#points.length);
  }
}

/** A frame that could not be judged tells nothing of drift: what was known goes on. */
function standingOf(
  { line: { state, anomalous, of }, drift }: Standing,
  before: LiveCamera['drift'],
): Pick<LiveCamera, 'line' | 'drift'> {
  const line = { state, anomalous, of };
  if (drift === undefined) return { line, drift: before };
  const { value, limit, warning } = drift;
  return { line, drift: warning ? { value, limit } : null };
}

/** JSON knows no NaN. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
