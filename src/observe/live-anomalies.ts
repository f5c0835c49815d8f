import type { Frame, Judgement, Region } from '../frame/frame.js';
import type { Size } from '../frame/pixels.js';
import { boundedId } from './ids.js';
import { PictureStore } from './pictures.js';

export interface LiveAnomaly {
  /** The (bounded) frame id. */
  readonly id: string;
  readonly camera: string;
  /** When it was settled and when it was taken, ms since the epoch. */
  readonly at: number;
  readonly capturedAt: number;
  readonly score: number;
  readonly threshold: number;
  readonly size: Size;
  readonly model: string;
  /** The strongest first, at most 20. */
  readonly regions: readonly Region[];
  /** How many regions there were. */
  readonly regionCount: number;
  /** Whether its overlay is kept. */
  readonly picture: boolean;
}

const MAX_REGIONS = 20;

/** The latest anomalies of all cameras, bounded in number and in bytes of overlays. */
export class AnomalyRecord {
  readonly #capacity: number;
  readonly #anomalies = new Map<string, LiveAnomaly>(); // oldest first; at most #capacity
  readonly #overlays: PictureStore; // keys are a subset of #anomalies
  readonly #fresh = new Set<string>(); // a subset of #anomalies: those that no update has carried

  /** `pictureBytes`: the budget of the overlays. An anomaly may outlive its overlay. */
  constructor(capacity: number, pictureBytes: number) {
    this.#capacity = capacity;
    this.#overlays = new PictureStore(pictureBytes);
  }

  get pictureBytes(): number {
    return this.#overlays.bytes;
  }

  overlay(id: string): Uint8Array | undefined {
    return this.#overlays.get(id);
  }

  record(frame: Frame, judgement: Judgement, now: number): void {
    const id = boundedId(frame.id);
    this.#delete(id); // a frame that comes twice is shown once
    this.#anomalies.set(id, {
      id,
      camera: boundedId(frame.camera),
      at: now,
      capturedAt: frame.capturedAt,
      score: judgement.score,
      threshold: judgement.threshold,
      size: judgement.size,
      model: judgement.model.name,
      regions: judgement.regions.toSorted((a, b) => b.peak - a.peak).slice(0, MAX_REGIONS),
      regionCount: judgement.regions.length,
      picture: false,
    });
    this.#fresh.add(id);
    if (judgement.overlay !== undefined) this.#overlays.put(id, judgement.overlay);
    const [oldest] = this.#anomalies.keys();
    if (this.#anomalies.size > this.#capacity) this.#delete(oldest);
  }

  /** All that is kept, oldest first. */
  snapshot(): LiveAnomaly[] {
    return this.#list(this.#anomalies.keys());
  }

  /** What is new since the last call, oldest first. */
  takeUpdate(): LiveAnomaly[] {
    const fresh = this.#list(this.#fresh);
    this.#fresh.clear();
    return fresh;
  }

  #list(ids: Iterable<string>): LiveAnomaly[] {
    return Array.from(ids, (id) => ({
      ...this.#anomalies.get(id)!,
      picture: this.#overlays.get(id) !== undefined,
    }));
  }

  #delete(id: string): void {
    this.#anomalies.delete(id);
    this.#overlays.delete(id);
    this.#fresh.delete(id);
  }
}
