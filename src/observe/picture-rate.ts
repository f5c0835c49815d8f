/**
 * Which frames get a picture: every anomalous one, and of each camera now and then a good one, so
 * that the live page shows what the camera sees. A picture costs about as much as the encoder.
 */
export class PictureRate {
  readonly #periodMs: number;
  readonly #now: () => number;
  readonly #last = new Map<string, number>();

  /** @param periodMs a camera's good frames get a picture this often */
  constructor(periodMs = 500, now: () => number = Date.now) {
    this.#periodMs = periodMs;
    this.#now = now;
  }

  policyOf(camera: string): 'always' | 'anomalous' {
    const now = this.#now();
    if (now - (this.#last.get(camera) ?? 0) < this.#periodMs) return 'anomalous';
    if (this.#last.size >= MAX_CAMERAS) this.#last.clear();
    this.#last.set(camera, now);
    return 'always';
  }
}

/** Camera ids come from outside: beyond this many the memory starts anew. */
const MAX_CAMERAS = 1000;
