/** One partition that this worker reads: what may be committed, and how far behind it is. */
import type { Batch } from 'kafkajs';
import { CommitWindow } from './window.js';

/** How a batch goes on from the one before. */
export type Continuity =
  | { readonly kind: 'continues' }
  /** The records in between are gone: retention was faster than this group. */
  | { readonly kind: 'gap'; readonly records: number }
  /** The offsets began anew: the topic was deleted and made again. */
  | { readonly kind: 'restarted' };

export class Partition {
  #window = new CommitWindow();
  /** Where the next batch begins if nothing comes in between. */
  #next: bigint | undefined;
  /** Since the group was joined again no batch has come: it begins at the committed offset. */
  #rewound = false;
  /** Everything before it is settled. */
  #settled: bigint | undefined;
  /** One after the newest record, as of the last fetch. */
  #end = 0n;

  get window(): CommitWindow {
    return this.#window;
  }

  /** Looks at a batch before its records are delivered. */
  begin({ highWatermark, firstOffset }: BatchBounds): Continuity {
    const first = BigInt(firstOffset);
    const expected = this.#next ?? first;
    const mayRepeat = this.#rewound;
    this.#end = BigInt(highWatermark);
    this.#next = first;
    this.#rewound = false;
    if (this.#settled === undefined || mayRepeat) this.#settled = first;
    if (first > expected) return { kind: 'gap', records: Number(first - expected) };
    if (first === expected || mayRepeat) return { kind: 'continues' };
    this.#window = new CommitWindow();
    this.#settled = first;
    return { kind: 'restarted' };
  }

  /** Everything up to this offset has been delivered. */
  delivered(offset: string): void {
    this.#next = BigInt(offset) + 1n;
  }

  /** The group was joined again, and the partition is still ours. */
  rewind(): void {
    this.#window.rewind();
    this.#rewound = true;
  }

  /** Records that are not settled yet, as far as the last fetch could see. */
  get lag(): number {
    const { position } = this.#window;
    if (position !== undefined) this.#settled = BigInt(position);
    return Math.max(0, Number(this.#end - (this.#settled ?? this.#end)));
  }
}

export interface BatchBounds {
  readonly highWatermark: string;
  readonly firstOffset: string;
}

export function boundsOf(batch: Batch): BatchBounds {
  return { highWatermark: batch.highWatermark, firstOffset: batch.firstOffset() ?? '0' };
}
