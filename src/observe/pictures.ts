/** The newest pictures by key, as many as fit into a number of bytes; the oldest go first. */
export class PictureStore {
  readonly #budget: number;
  /** In the order in which they were put. */
  readonly #pictures = new Map<string, Uint8Array>();
  /** Sum of the lengths in `#pictures`; never above `#budget`. */
  #bytes = 0;

  /** `budget`: bytes. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Uint8Array | undefined {
    return this.#pictures.get(key);
  }

  put(key: string, picture: Uint8Array): void {
    this.delete(key);
    this.#pictures.set(key, owned(picture));
    this.#bytes += picture.byteLength;
    for (const oldest of this.#pictures.keys()) {
      if (this.#bytes <= this.#budget) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#pictures.get(key)?.byteLength ?? 0;
    this.#pictures.delete(key);
  }
}

/** A view into a larger buffer would keep all of that buffer alive: it is copied. */
function owned(picture: Uint8Array): Uint8Array {
  return picture.byteLength === picture.buffer.byteLength ? picture : picture.slice();
}
