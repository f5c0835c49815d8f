/** Topics of a measurement's own, deleted after it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { KafkaClient } from '../../stream/kafka/client.js';

/** As many as the cameras of a small plant; the engine is fed from all of them. */
export const PARTITIONS = 8;

/** Bytes of a request while a topic is filled. */
const REQUEST_BYTES = 4 * 2 ** 20;

/** Retries of a request: a broker may not lead yet where its metadata already says so. */
export const PATIENCE = 10;

/** How long a new topic may take to get leaders, milliseconds. */
const LEADERS_MS = 30_000;

export class BenchTopics {
  readonly #client: KafkaClient;
  readonly #admin: Admin;
  readonly #made: string[] = [];

  private constructor(client: KafkaClient, admin: Admin) {
    this.#client = client;
    this.#admin = admin;
  }

  /** @throws PL_KAFKA if the brokers cannot be reached */
  static async open(client: KafkaClient): Promise<BenchTopics> {
    const admin = client.admin();
    try {
      await admin.connect();
      return new BenchTopics(client, admin);
    } catch (error) {
      throw client.error(error);
    }
  }

  async make(role: string, numPartitions = PARTITIONS): Promise<string> {
    const topic = `patchline-bench-${randomUUID().slice(0, 8)}-${role}`;
    await this.#admin.createTopics({
      waitForLeaders: false, // it gives up early on a busy machine
      topics: [
        {
          topic,
          numPartitions,
          configEntries: [{ name: 'max.message.bytes', value: String(8 * 2 ** 20) }],
        },
      ],
    });
    this.#made.push(topic);
    await this.#untilLed(topic);
    return topic;
  }

  /** Its metadata is an error as long as a partition has no leader. */
  async #untilLed(topic: string): Promise<void> {
    for (const end = performance.now() + LEADERS_MS; ; ) {
      try {
        await this.#admin.fetchTopicMetadata({ topics: [topic] });
        return;
      } catch (error) {
        if (performance.now() > end) throw this.#client.error(error);
        await sleep(100);
      }
    }
  }

  /** A topic with so many frames, spread evenly over its partitions. */
  async filled(
    frames: readonly Uint8Array[],
    count: number,
    partitions = PARTITIONS,
  ): Promise<string> {
    const topic = await this.make('frames', partitions);
    const producer = this.#client.producer(PATIENCE);
    await producer.connect();
    const perRequest = Math.max(1, Math.floor(REQUEST_BYTES / frames[0].length));
    for (let n = 0; n < count; n += perRequest) {
      const messages = Array.from({ length: Math.min(perRequest, count - n) }, (_, i) => ({
        key: `cam-${(n + i) % partitions}`,
        partition: (n + i) % partitions,
        value: Buffer.from(frames[(n + i) % frames.length]),
      }));
      await producer.send({ topic, messages });
    }
    await producer.disconnect();
    return topic;
  }

  async close(): Promise<void> {
    if (this.#made.length > 0) await this.#admin.deleteTopics({ topics: this.#made });
    await this.#admin.disconnect();
    this.#client.close();
  }
}
