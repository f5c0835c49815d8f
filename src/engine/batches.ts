/**
 * Gathers frames into batches for a back end that is fast only with many at once. A batch starts when
 * it is full, when its oldest frame has waited long enough, or when nothing else is in work. While one
 * is in work the next one starts too, so that a GPU finds work as soon as it has none.
 *
 * Sizes are powers of two: a back end that prepares itself for each shape of its input does so for
 * few of them.
 */
import { deferred } from '../deferred.js';
import type { Size } from '../frame/pixels.js';

export interface BatchOptions {
  /** Frames of a batch at most. */
  readonly frames: number;
  /** How long a frame waits for others while the back end has work, milliseconds. */
  readonly ageMs: number;
}

/** Batches in work at once: one in each encoder thread, and one on its way there or back. */
export function batchesAtOnce(encoderThreads: number): number {
  return encoderThreads + 1;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class Batches<Item, Result> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #options: BatchOptions;
  readonly #atOnce: number;
  readonly #waiting: Waiting<Item, Result>[] = []; // in the order they came
  #inWork = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param run one result for each item; what it throws is thrown to all of the batch
   * @param atOnce batches in work at once
   */
  constructor(
    run: (items: readonly Item[]) => Promise<readonly Result[]>,
    options: BatchOptions,
    atOnce: number,
  ) {
    this.#run = run;
    this.#options = options;
    this.#atOnce = atOnce;
  }

  add(item: Item): Promise<Result> {
    const { promise, resolve, reject } = deferred<Result>();
    this.#waiting.push({ item, since: performance.now(), resolve, reject });
    this.#startDue();
    return promise;
  }

  #startDue(): void {
    while (this.#isDue()) void this.#start();
    this.#wakeLater();
  }

  #isDue(): boolean {
    if (this.#waiting.length === 0 || this.#inWork === this.#atOnce) return false;
    return (
      this.#inWork === 0 || this.#waiting.length >= this.#options.frames || this.#restMs() <= 0
    );
  }

  /** Until the oldest frame has waited long enough. */
  #restMs(): number {
    return this.#waiting[0].since + this.#options.ageMs - performance.now();
  }

  #wakeLater(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0 || this.#inWork === this.#atOnce) return;
    this.#timer = setTimeout(() => this.#startDue(), Math.max(1, Math.ceil(this.#restMs())));
  }

  async #start(): Promise<void> {
    const batch = this.#waiting.splice(0, powerOfTwo(this.#waiting.length, this.#options.frames));
    this.#inWork++;
    try {
      const results = await this.#run(batch.map(({ item }) => item));
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    this.#inWork--;
    this.#startDue();
  }
}

/** The largest power of two up to both. */
function powerOfTwo(count: number, most: number): number {
  return 2 ** Math.floor(Math.log2(Math.min(count, most)));
}

/** Pixels of a batch: bounds the memory of large frames, here and on the device. */
const MOST_PIXELS = 2 ** 22;

/** The batches of frames of one size: at most `options.frames` frames, fewer of large ones. */
export function batchesOfSize({ width, height }: Size, options: BatchOptions): BatchOptions {
  const fit = Math.max(1, Math.floor(MOST_PIXELS / (width * height)));
  return { ...options, frames: powerOfTwo(fit, options.frames) };
}

/** 1, 2, 4, …: all sizes that batches of at most so many frames have. */
export function batchSizes(frames: number): number[] {
  return Array.from({ length: Math.floor(Math.log2(frames)) + 1 }, (_, power) => 2 ** power);
}
