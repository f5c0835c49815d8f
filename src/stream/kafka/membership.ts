/**
 * This worker as a member of its group: which partitions it has, what it commits, and when it has
 * to let go.
 *
 * kafkajs recovers from a rebalance only if the error that told of it comes out of a batch handler
 * unchanged. So commits and heartbeats use the functions of a batch that is being handed over, and
 * what they throw is kept for its handler to rethrow.
 */
import type { Consumer, EachBatchPayload, TopicPartitionOffsetAndMetadata } from 'kafkajs';
import { causeOf } from './errors.js';
import type { KafkaLog, KafkaObserver } from './events.js';
import { boundsOf, type Continuity, Partition } from './partition.js';

/** Answers of the coordinator after which a member has to join again, or is out for good. */
const INTERRUPTS = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
  'FENCED_INSTANCE_ID',
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
]);

export class Membership {
  readonly #consumer: Consumer;
  readonly #topic: string;
  readonly #observer: KafkaObserver;
  readonly #log: KafkaLog;
  readonly #partitions = new Map<number, Partition>();
  /** Batches that are being handed over. */
  readonly #open = new Set<EachBatchPayload>();
  #generation = 0;
  #interrupt: { readonly error: unknown; readonly type: string } | undefined;
  #failing = false;

  constructor(consumer: Consumer, topic: string, observer: KafkaObserver, log: KafkaLog) {
    this.#consumer = consumer;
    this.#topic = topic;
    this.#observer = observer;
    this.#log = log;
  }

  /** Counts the times that the group was joined. */
  get generation(): number {
    return this.#generation;
  }

  /** The group asks its members to join again: hand nothing more over. */
  get interrupted(): boolean {
    return this.#interrupt !== undefined;
  }

  /** Whether what is settled can still be committed before letting go. */
  get mayCommit(): boolean {
    return this.#interrupt === undefined || this.#interrupt.type === 'REBALANCE_IN_PROGRESS';
  }

  join(partitions: readonly number[]): void {
    this.#generation++;
    this.#interrupt = undefined;
    for (const number of this.#partitions.keys()) {
      if (!partitions.includes(number)) this.#partitions.delete(number);
    }
    for (const number of partitions) {
      const partition = this.#partitions.get(number);
      if (partition === undefined) this.#partitions.set(number, new Partition());
      else partition.rewind();
    }
    this.#observer.joined?.(partitions);
  }

  /** A batch is to be handed over. The partition it is of, if that is ours. */
  open(payload: EachBatchPayload): Partition | undefined {
    const { batch } = payload;
    const partition = this.#partitions.get(batch.partition);
    if (partition === undefined) return undefined;
    this.#open.add(payload);
    const bytes = batch.messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    this.#observer.fetched?.(batch.messages.length, bytes);
    this.#report(batch.partition, partition.begin(boundsOf(batch)));
    return partition;
  }

  close(payload: EachBatchPayload): void {
    this.#open.delete(payload);
  }

  #report(partition: number, continuity: Continuity): void {
    const topic = this.#topic;
    if (continuity.kind === 'gap') {
      const { records } = continuity;
      this.#observer.gone?.(partition, records);
      this.#log.warn('records were deleted before they were read', { topic, partition, records });
    } else if (continuity.kind === 'restarted') {
      this.#observer.recreated?.(partition);
      this.#log.warn('the topic was made again: reading it anew', { topic, partition });
    }
  }

  /** @throws what interrupted the membership, for kafkajs to act on */
  rethrow(): void {
    if (this.#interrupt !== undefined) throw this.#interrupt.error;
  }

  /** Between batches kafkajs sends its own. */
  async heartbeat(): Promise<void> {
    const [payload] = this.#open;
    if (payload === undefined || this.interrupted) return;
    await payload.heartbeat().catch((error: unknown) => this.#note(error));
  }

  /** Tells the broker what is settled. Whether it knows everything now. */
  async commit(): Promise<boolean> {
    const due = [...this.#partitions].flatMap(([partition, { window }]) => {
      const { position } = window;
      return position === undefined ? [] : [{ partition, window, offset: position }];
    });
    for (const [number, partition] of this.#partitions) {
      this.#observer.lag?.(number, partition.lag);
    }
    if (due.length === 0) return true;
    const sent = await this.#send(due.map(({ partition, offset }) => ({ partition, offset })));
    this.#observer.committed?.(sent ? 'ok' : 'failed');
    if (sent) for (const { window, offset } of due) window.committed(offset);
    return sent;
  }

  async #send(partitions: { partition: number; offset: string }[]): Promise<boolean> {
    const [payload] = this.#open;
    const topic = this.#topic;
    try {
      if (payload !== undefined) {
        await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions }] });
      } else {
        const offsets: TopicPartitionOffsetAndMetadata[] = partitions.map((p) => ({ topic, ...p }));
        await this.#consumer.commitOffsets(offsets);
      }
      if (this.#failing) this.#log.info('offsets are committed again');
      this.#failing = false;
      return true;
    } catch (error) {
      if (payload !== undefined) this.#note(error);
      if (!this.#failing) this.#log.warn('offsets cannot be committed now', { ...causeOf(error) });
      this.#failing = true;
      return false;
    }
  }

  /** Whatever else goes wrong is tried again on the next tick. */
  #note(error: unknown): void {
    const { type = '' } = causeOf(error);
    if (INTERRUPTS.has(type)) this.#interrupt ??= { error, type };
  }
}
