/**
 * Records to one partition, in order and one request at a time. What comes while a request is under
 * way goes out together in the next one. Behind a record that will never be taken nothing is sent.
 *
 * One at a time is what makes kafkajs's idempotent producer safe. It takes back the sequence numbers
 * of a request that failed; would another one go out before the retry, it would carry the same
 * numbers, and a broker that had stored the first (only its answer was lost) would take the second
 * for a repetition and drop it. For the same reason a request holds one partition: of several, some
 * may have succeeded.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Deferred, deferred } from '../../deferred.js';
import { PatchlineError } from '../../errors.js';
import { type Remedy, remedyFor } from './errors.js';
import type { OutRecord } from './record.js';

export interface LaneOptions {
  /** Resolves once the broker has acknowledged all of them. */
  readonly send: (records: readonly OutRecord[]) => Promise<void>;
  /** A request failed; it is sent again. */
  readonly onRetry?: (error: unknown) => void;
  /** Most bytes of values in a request, unless one record alone is larger. */
  readonly maxBytes?: number;
  readonly retryMs?: number;
}

/** The broker's limit counts for the whole batch; the default of a topic is 1 MiB. */
const MAX_BYTES = 512 * 1024;
const MAX_RECORDS = 500;
const RETRY_MS = 500;

/** Of a record that is too large, what goes out in its place. */
export type Shorten = (record: OutRecord) => OutRecord;

interface Entry {
  readonly record: Promise<OutRecord>;
  readonly shorten: Shorten | undefined;
  readonly sent: Deferred<OutRecord>;
}

interface Ready extends Omit<Entry, 'record'> {
  readonly record: OutRecord;
}

interface Failure {
  readonly remedy: Remedy;
  readonly cause: unknown;
}

/** The broker takes no record of this size in this topic. */
export class RecordTooLarge extends Error {
  override readonly name = 'RecordTooLarge';
}

export class Lane {
  readonly #options: Required<LaneOptions>;
  readonly #waiting: Entry[] = [];
  readonly #halt = new AbortController();
  #sending = false;
  /** Why nothing is sent any more. */
  #broken: Failure | undefined;

  constructor({ onRetry = () => {}, maxBytes = MAX_BYTES, retryMs = RETRY_MS, send }: LaneOptions) {
    this.#options = { onRetry, maxBytes, retryMs, send };
  }

  /**
   * Resolves once the broker has acknowledged the record, with what was sent. A record that is still
   * being made keeps its place, and so does what `shorten` makes of one that is too large.
   *
   * @throws RecordTooLarge; what `record` rejects with; why it, or one before it, will never be sent
   */
  push(record: OutRecord | Promise<OutRecord>, shorten?: Shorten): Promise<OutRecord> {
    const sent = deferred<OutRecord>();
    const made = Promise.resolve(record);
    made.catch(() => {}); // seen when its turn comes
    this.#waiting.push({ record: made, shorten, sent });
    if (!this.#sending) void this.#run();
    return sent.promise;
  }

  /** What is not acknowledged yet rejects with PL_ABORTED. */
  abort(): void {
    this.#halt.abort();
  }

  async #run(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.length > 0) await this.#deliver(await this.#take());
    this.#sending = false;
  }

  /** The next records for one request: as many as are waiting and fit. */
  async #take(): Promise<Ready[]> {
    const taken: Ready[] = [];
    let bytes = 0;
    while (this.#waiting.length > 0 && taken.length < MAX_RECORDS) {
      const { record, ...entry } = this.#waiting[0];
      const ready = await record.catch((error: unknown) => entry.sent.reject(error));
      const size = ready?.value?.byteLength ?? 0;
      if (taken.length > 0 && bytes + size > this.#options.maxBytes) break;
      this.#waiting.shift();
      if (ready) taken.push({ record: ready, ...entry });
      bytes += size;
    }
    return taken;
  }

  async #deliver(batch: readonly Ready[]): Promise<void> {
    if (batch.length === 0) return;
    const failure = this.#broken ?? (await this.#attempt(batch));
    if (failure === undefined) {
      for (const { record, sent } of batch) sent.resolve(record);
    } else if (failure.remedy !== 'split') {
      this.#broken = failure;
      for (const { sent } of batch) sent.reject(failure.cause);
    } else if (batch.length === 1) {
      await this.#shorten(batch[0]);
    } else {
      const half = Math.ceil(batch.length / 2);
      await this.#deliver(batch.slice(0, half));
      await this.#deliver(batch.slice(half));
    }
  }

  async #shorten({ record, shorten, sent }: Ready): Promise<void> {
    if (shorten !== undefined) {
      return this.#deliver([{ record: shorten(record), shorten: undefined, sent }]);
    }
    sent.reject(new RecordTooLarge('the topic takes no record of this size'));
  }

  /** Sends until the broker takes it; otherwise why it never will. */
  async #attempt(batch: readonly Ready[]): Promise<Failure | undefined> {
    const records = batch.map(({ record }) => record);
    const { signal } = this.#halt;
    for (;;) {
      if (signal.aborted) return { remedy: 'give up', cause: aborted() };
      try {
        await this.#options.send(records);
        return undefined;
      } catch (cause) {
        const remedy = remedyFor(cause);
        if (remedy === 'split' || remedy === 'give up') return { remedy, cause };
        this.#options.onRetry(cause);
        await sleep(this.#options.retryMs, undefined, { signal }).catch(() => {});
      }
    }
  }
}

function aborted(): PatchlineError {
  return new PatchlineError('PL_ABORTED', 'the worker ended before Kafka took the record');
}
