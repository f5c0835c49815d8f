/** Records into one topic: the partition by camera, a lane for each partition. */
import kafkajs, { type PartitionMetadata, type Producer } from 'kafkajs';
import { PatchlineError } from '../../errors.js';
import type { KafkaClient } from './client.js';
import { remedyFor } from './errors.js';
import { Lane, type Shorten } from './lane.js';
import type { OutRecord } from './record.js';

export interface PublisherEvents {
  readonly published: (record: OutRecord) => void;
  readonly retried: (error: unknown) => void;
}

/** How long the list of partitions is believed, milliseconds. */
const PARTITIONS_MS = 300_000;

export class Publisher {
  readonly topic: string;
  readonly #client: KafkaClient;
  readonly #events: PublisherEvents;
  readonly #partitionOf = kafkajs.Partitioners.DefaultPartitioner(); // murmur2, as Java's
  readonly #lanes = new Map<number, Lane>();
  #partitions: PartitionMetadata[];
  #partitionsSince = performance.now();
  #producer: Producer;
  #renewing: Promise<void> | undefined;

  private constructor(
    client: KafkaClient,
    topic: string,
    events: PublisherEvents,
    producer: Producer,
    partitions: PartitionMetadata[],
  ) {
    this.#client = client;
    this.topic = topic;
    this.#events = events;
    this.#producer = producer;
    this.#partitions = partitions;
  }

  /** @throws PL_KAFKA if the producer cannot connect */
  static async open(
    client: KafkaClient,
    topic: string,
    events: PublisherEvents,
  ): Promise<Publisher> {
    const producer = client.producer();
    try {
      await producer.connect();
      return new Publisher(client, topic, events, producer, await partitionsOf(client, topic));
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw client.error(error);
    }
  }

  /**
   * Resolves once all replicas have the record, or what `shorten` makes of one that is too large.
   * Records of a camera arrive in the order of the calls, whatever is acknowledged by then.
   *
   * @throws RecordTooLarge; PL_KAFKA if it, or one before it, will never be taken; what making the
   *   record throws
   */
  async publish(
    camera: string,
    record: OutRecord | Promise<OutRecord>,
    shorten?: Shorten,
  ): Promise<void> {
    this.#recountNowAndThen();
    this.#events.published(await this.#laneOf(camera).push(record, shorten));
  }

  /** What is not acknowledged yet rejects with PL_ABORTED. */
  async close(): Promise<void> {
    for (const lane of this.#lanes.values()) lane.abort();
    await this.#producer.disconnect();
  }

  #laneOf(camera: string): Lane {
    const partition = this.#partitionOf({
      topic: this.topic,
      partitionMetadata: this.#partitions,
      message: { key: camera, value: null },
    });
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      const send = (records: readonly OutRecord[]) => this.#send(partition, records);
      lane = new Lane({ send, onRetry: this.#events.retried });
      this.#lanes.set(partition, lane);
    }
    return lane;
  }

  async #send(partition: number, records: readonly OutRecord[]): Promise<void> {
    const producer = this.#producer;
    const messages = records.map(({ key, value, headers }) => ({ key, value, headers, partition }));
    try {
      const answers = await producer.send({ topic: this.topic, acks: -1, messages });
      // kafkajs drops records for partitions that it does not know, and reports success.
      if (!answers.some((answer) => answer.partition === partition)) {
        await this.#renew(producer); // its metadata may be the one that is old
        await this.#assertPartition(partition);
        throw new Error(`${this.topic} has its partition ${partition} again`);
      }
    } catch (error) {
      if (remedyFor(error) === 'renew') await this.#renew(producer);
      throw error;
    }
  }

  /**
   * Other records may be on their way to the partition that the camera would have now: only a start
   * from the last commit keeps them in order.
   *
   * @throws PL_KAFKA if the topic was made again with fewer partitions
   */
  async #assertPartition(partition: number): Promise<void> {
    await this.#recount();
    if (this.#partitions.some(({ partitionId }) => partitionId === partition)) return;
    throw new PatchlineError('PL_KAFKA', `${this.topic} has no partition ${partition} any more`, {
      hint: 'start the worker again: it goes on with the partitions that there are',
    });
  }

  /** All lanes share the producer; the first that finds it out of step replaces it. */
  async #renew(broken: Producer): Promise<void> {
    if (this.#producer !== broken) return;
    this.#renewing ??= this.#replaceProducer().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  async #replaceProducer(): Promise<void> {
    const [old, next] = [this.#producer, this.#client.producer()];
    await next.connect();
    this.#producer = next;
    await old.disconnect().catch(() => {});
  }

  /** A topic can get more partitions while the worker runs. */
  #recountNowAndThen(): void {
    if (performance.now() - this.#partitionsSince < PARTITIONS_MS) return;
    this.#partitionsSince = performance.now();
    this.#recount().catch(this.#events.retried);
  }

  async #recount(): Promise<void> {
    this.#partitions = await partitionsOf(this.#client, this.topic);
  }
}

async function partitionsOf(client: KafkaClient, topic: string): Promise<PartitionMetadata[]> {
  const admin = client.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0].partitions;
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
