/**
 * When the next frame of a camera is due. Counted from the frame before, so that late timers do
 * not add up; but a camera that was held back for longer than a period goes on from now instead
 * of sending what it missed.
 */
export class Pace {
  readonly #periodMs: number;
  #dueMs: number;

  constructor(periodMs: number, firstMs: number) {
    this.#periodMs = periodMs;
    this.#dueMs = firstMs;
  }

  /** Milliseconds to wait at time `nowMs`; 0 if the frame is due. */
  wait(nowMs: number): number {
    return Math.max(0, this.#dueMs - nowMs);
  }

  /** The frame left at time `nowMs`. */
  sent(nowMs: number): void {
    this.#dueMs = Math.max(this.#dueMs + this.#periodMs, nowMs);
  }
}
