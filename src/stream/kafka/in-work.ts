/** The frames that the engine has and that are not settled. */
import type { Ticket } from '../ports.js';
import type { Progress } from './events.js';

export class InWork {
  readonly #progress: Progress;
  /** None of them rejects. */
  readonly #frames = new Set<Promise<void>>();

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  get size(): number {
    return this.#frames.size;
  }

  /** @param onSettled the frame may be committed; @param onFailed it never will be */
  add({ settled }: Ticket, onSettled: () => void, onFailed: (error: unknown) => void): void {
    if (this.#frames.size === 0) this.#progress.touch();
    const done = settled.then(onSettled, onFailed).finally(() => {
      this.#progress.touch();
      this.#frames.delete(done);
    });
    this.#frames.add(done);
  }

  /** Resolves when those that are in work now no longer are. */
  async settled(): Promise<void> {
    await Promise.all(this.#frames);
  }

  /** There is something to do, and nothing has moved for longer. */
  hasStalled(ms: number): boolean {
    return this.#frames.size > 0 && this.#progress.idleMs > ms;
  }
}
