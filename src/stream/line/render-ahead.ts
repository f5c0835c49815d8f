/**
 * Frames 0, 1, 2 … in order, of which up to `depth` are drawn before they are asked for, so that
 * a frame that is due is there.
 */
export class RenderAhead<T> {
  readonly #render: (index: number) => Promise<T>;
  readonly #depth: number;
  readonly #limit: number;
  readonly #begun: Promise<T>[] = [];
  #nextIndex = 0;

  constructor(render: (index: number) => Promise<T>, depth: number, limit: number) {
    this.#render = render;
    this.#depth = depth;
    this.#limit = limit;
    this.#fill();
  }

  /** Resolves once the first frame is drawn; rejects if that fails. */
  async ready(): Promise<void> {
    await this.#begun[0];
  }

  /** The next frame, or undefined after the last one. */
  async next(): Promise<T | undefined> {
    const frame = this.#begun.shift();
    this.#fill();
    return frame;
  }

  #fill(): void {
    while (this.#begun.length < this.#depth && this.#nextIndex < this.#limit) {
      const frame = this.#render(this.#nextIndex++);
      frame.catch(() => {}); // reported by `next`, which may come later or, after a stop, never
      this.#begun.push(frame);
    }
  }
}
