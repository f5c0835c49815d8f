const WINDOW_SECONDS = 5;

/** Events a second over the last five whole seconds, from one counter a second. */
export class RateMeter {
  readonly #counts = new Map<number, number>(); // second → events; at most WINDOW_SECONDS + 1
  #first: number | undefined;

  /** Counts one event at `now`, milliseconds of a clock that does not run back. */
  mark(now: number): void {
    const second = Math.floor(now / 1000);
    this.#first ??= second;
    this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
    for (const old of this.#counts.keys()) {
      if (old < second - WINDOW_SECONDS) this.#counts.delete(old);
    }
  }

  /** Events a second; 0 before the first whole second. The running second does not count. */
  perSecond(now: number): number {
    const second = Math.floor(now / 1000);
    const seconds = Math.min(WINDOW_SECONDS, second - (this.#first ?? second));
    if (seconds <= 0) return 0;
    let events = 0;
    for (let s = second - seconds; s < second; s++) events += this.#counts.get(s) ?? 0;
    return events / seconds;
  }
}
