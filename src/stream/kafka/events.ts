/** What happens between a worker and its brokers, for metrics and the log. */
import type { Frame } from '../../frame/frame.js';

/** What a record that goes out is. */
export type RecordKind = 'result' | 'map' | 'dead-letter';

/** Each member is called as often as it happens, may be left out and must not throw. */
export interface KafkaObserver {
  /** The worker is in the group with these partitions; none if there are more workers. */
  joined?(partitions: readonly number[]): void;
  /** The group redistributes its partitions: the worker finishes what it has and joins again. */
  rebalancing?(): void;
  heartbeat?(): void;
  /** Offsets of settled frames reached the broker, or did not (they will be sent again). */
  committed?(result: 'ok' | 'failed'): void;
  /** Records of a partition that are not settled yet. */
  lag?(partition: number, records: number): void;
  fetched?(records: number, bytes: number): void;
  /** A frame older than `maxAgeMs` was skipped. */
  stale?(frame: Frame): void;
  /** Records that were deleted (retention) before this group had read them. */
  gone?(partition: number, records: number): void;
  /** The topic was deleted and made again: the partition starts over. */
  recreated?(partition: number): void;
  /** The broker has acknowledged a record. */
  published?(kind: RecordKind, bytes: number): void;
  /** The broker did not take a record yet; it is sent again until it does. */
  retried?(kind: RecordKind): void;
  /** A record was larger than the topic takes: it went out in part, or (a map) not at all. */
  oversize?(kind: RecordKind): void;
  /** The consumer broke. Either it starts again by itself, or the worker ends. */
  crashed?(restarting: boolean): void;
}

/** The part of a logger that is used here. */
export interface KafkaLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const SILENT: KafkaLog = { debug() {}, info() {}, warn() {}, error() {} };

/** When something last moved: frames settled, or a broker asked again that is away. */
export class Progress {
  #last = performance.now();

  touch(): void {
    this.#last = performance.now();
  }

  get idleMs(): number {
    return performance.now() - this.#last;
  }
}
