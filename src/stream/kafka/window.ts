/**
 * Which offset of a partition may be committed while its frames settle in any order.
 *
 *     delivered   101  102  103  105  106          (104 does not exist: compaction, a transaction)
 *     settled      ✓    ✓         ✓
 *                       └ position: 103            everything before it is settled
 *
 * Only offsets that were delivered count; nothing assumes that they are consecutive.
 */
interface Entry {
  readonly offset: bigint;
  /** Tells a record from the one at the same offset of a topic that was deleted and made again. */
  readonly stamp: string;
  settled: boolean;
  /** Since the group was last joined. */
  delivered: boolean;
}

export class CommitWindow {
  /** By offset; each is kept until the broker knows that it is settled. */
  #entries: Entry[] = [];
  /** Whether entries from before the last rewind may still be delivered again. */
  #rewound = false;
  #committed: bigint | undefined;

  /** Records that are delivered and not committed. */
  get size(): number {
    return this.#entries.length;
  }

  /**
   * A record has been delivered. Returns the function to call when it is settled, or undefined if
   * the record is known: it was delivered before a rebalance, and is in work or done.
   */
  deliver(offset: string, stamp: string): (() => void) | undefined {
    const at = BigInt(offset);
    const { index, known } = this.#find(at);
    if (known?.stamp === stamp) {
      known.delivered = true;
      return undefined;
    }
    const entry: Entry = { offset: at, stamp, settled: false, delivered: true };
    this.#entries.splice(index, known === undefined ? 0 : 1, entry);
    return () => {
      entry.settled = true;
    };
  }

  /** The offset to read next after a restart; undefined if the broker knows it already. */
  get position(): string | undefined {
    const open = this.#entries.findIndex(({ settled, delivered }) => !settled || !delivered);
    const settled = open < 0 ? this.#entries : this.#entries.slice(0, open);
    const last = settled.at(-1);
    if (last === undefined || last.offset + 1n === this.#committed) return undefined;
    return String(last.offset + 1n);
  }

  /** The broker knows `position`. */
  committed(position: string): void {
    const next = BigInt(position);
    this.#committed = next;
    this.#entries = this.#entries.filter(({ offset }) => offset >= next);
  }

  /** The group was joined again: everything from the committed offset on is delivered once more. */
  rewind(): void {
    this.#committed = undefined;
    this.#rewound = true;
    for (const entry of this.#entries) entry.delivered = false;
  }

  /** Where the record at this offset is or belongs. */
  #find(at: bigint): { index: number; known?: Entry } {
    const last = this.#entries.at(-1);
    if (last === undefined || last.offset < at) return { index: this.#skip(at) };
    this.#skip(at);
    const index = this.#entries.findIndex(({ offset }) => offset >= at);
    const found = this.#entries[index];
    return found.offset === at ? { index, known: found } : { index };
  }

  /** What was left out on the way to `at` is settled as far as the broker is concerned. */
  #skip(at: bigint): number {
    if (this.#rewound) {
      this.#entries = this.#entries.filter(({ offset, delivered }) => delivered || offset >= at);
      this.#rewound = this.#entries.some(({ delivered }) => !delivered);
    }
    return this.#entries.length;
  }
}
