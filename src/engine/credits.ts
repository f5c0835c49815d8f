/** Frames and bytes: what is in flight, or what may be. */
export interface Load {
  readonly frames: number;
  readonly bytes: number;
}

interface Waiter {
  readonly bytes: number;
  readonly admit: () => void;
  readonly refuse: (reason: Error) => void;
}

/**
 * Bounds what is in flight: a frame is let in when its credits are free, and gives them back when
 * its outcome is safe. First come, first served. A frame larger than all byte credits is let in
 * alone, so that nothing waits for ever.
 */
export class Credits {
  readonly limit: Load;
  #frames = 0;
  #bytes = 0;
  #closed: Error | undefined;
  readonly #waiting: Waiter[] = [];

  constructor(limit: Load) {
    this.limit = limit;
  }

  get inFlight(): Load {
    return { frames: this.#frames, bytes: this.#bytes };
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for the credits of a frame of `bytes`; the function it returns gives them back, once.
   *
   * @throws the reason of `close`
   */
  async acquire(bytes: number): Promise<() => void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((admit, refuse) => {
        this.#waiting.push({ bytes, admit, refuse });
      });
    } else {
      this.#take(bytes);
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#frames--;
      this.#bytes -= bytes;
      this.#admitWaiting();
    };
  }

  /** Lets nobody in any more: who waits and who comes is refused. The first reason counts. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const { refuse } of this.#waiting.splice(0)) refuse(this.#closed);
  }

  #fits(bytes: number): boolean {
    if (this.#frames === 0) return true;
    return this.#frames < this.limit.frames && this.#bytes + bytes <= this.limit.bytes;
  }

  #take(bytes: number): void {
    this.#frames++;
    this.#bytes += bytes;
  }

  /** Credits are taken here and not when the waiter wakes, so that nobody slips in between. */
  #admitWaiting(): void {
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0].bytes)) {
      const { bytes, admit } = this.#waiting.shift() as Waiter;
      this.#take(bytes);
      admit();
    }
  }
}
