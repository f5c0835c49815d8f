/** What the Kafka tests share: a broker if one can be had, topics of their own, plain clients. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestFn } from 'ava';
import kafkajs, { type Admin, type Message, type Producer } from 'kafkajs';
import { KafkaClient } from '../../../src/stream/kafka/client.js';
import type { KafkaOptions, TopicOptions } from '../../../src/stream/kafka/options.js';
import { Broker, type BrokerOptions } from './broker.js';
import { missingTools } from './jars.js';
import { type ReadRecord, readTopic } from './read.js';

/** Brokers that are there already; then no test may stop them. */
const EXTERNAL = process.env.PATCHLINE_TEST_BROKERS;

export interface KafkaNeeds {
  /** The tests stop their broker or need its settings. */
  readonly owned?: boolean;
  /** What else is missing, if anything is. */
  readonly also?: string | undefined;
}

/**
 * `test.serial`, or a skipped one with a loud line where there is no Kafka to be had.
 * PATCHLINE_REQUIRE_KAFKA=1 makes that a failure.
 */
export function kafkaTest<C>(
  test: TestFn<C>,
  { owned = false, also }: KafkaNeeds = {},
): TestFn<C>['serial'] {
  const broker = EXTERNAL !== undefined && !owned ? undefined : missingTools();
  const reason = broker ?? also;
  if (reason === undefined) return test.serial;
  if (process.env.PATCHLINE_REQUIRE_KAFKA === '1') throw new Error(`Kafka is required: ${reason}`);
  process.stderr.write(`\n>>> KAFKA TESTS ARE SKIPPED: ${reason} <<<\n\n`);
  return test.serial.skip as unknown as TestFn<C>['serial'];
}

/** What a test topic is like; partitions default to 1. */
export interface TopicSpec {
  readonly partitions?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

export class Lab {
  readonly broker: Broker | undefined;
  readonly bootstrap: string;
  readonly admin: Admin;
  producer: Producer;
  readonly #kafka: InstanceType<typeof kafkajs.Kafka>;

  private constructor(broker: Broker | undefined, bootstrap: string) {
    this.broker = broker;
    this.bootstrap = bootstrap;
    new KafkaClient({ brokers: [bootstrap] }); // registers the codecs, for reading back
    this.#kafka = new kafkajs.Kafka({
      clientId: 'lab',
      brokers: [bootstrap],
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 30 },
    });
    this.admin = this.#kafka.admin();
    this.producer = this.#newProducer();
  }

  #newProducer(): Producer {
    return this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
  }

  /** A producer that has not seen topics as they were before: kafkajs drops what it has no place for. */
  async renewProducer(): Promise<void> {
    await this.producer.disconnect();
    this.producer = this.#newProducer();
    await this.producer.connect();
  }

  static async open(options: BrokerOptions = {}, owned = false): Promise<Lab> {
    const external = owned ? undefined : EXTERNAL;
    const broker = external === undefined ? await Broker.start(options) : undefined;
    const lab = new Lab(broker, external ?? broker!.bootstrap);
    await lab.admin.connect();
    await lab.producer.connect();
    return lab;
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.admin.disconnect(), this.producer.disconnect()]);
    await this.broker?.close();
  }

  /** Topics and a group that no other test knows. */
  async site(specs: { [Role in keyof TopicOptions]?: TopicSpec } = {}): Promise<KafkaOptions> {
    const prefix = `${randomUUID().slice(0, 8)}.`;
    const roles = { frames: {}, results: {}, maps: {}, deadLetters: {}, ...specs };
    const topics = { frames: 'frames', results: 'results', maps: 'maps', deadLetters: 'dead' };
    for (const [role, name] of Object.entries(topics)) {
      const { partitions = 1, settings = {} } = roles[role as keyof typeof topics];
      await this.createTopic(prefix + name, partitions, settings);
    }
    return {
      connection: { brokers: [this.bootstrap] },
      topics: { ...topics, prefix },
      group: { id: `${prefix}group`, sessionTimeoutMs: 6000 },
    };
  }

  async createTopic(
    topic: string,
    numPartitions = 1,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const merged = { 'max.message.bytes': '8454144', ...settings };
    const configEntries = Object.entries(merged).map(([name, value]) => ({ name, value }));
    const spec = { topic, numPartitions, replicationFactor: 1, configEntries };
    await this.admin.createTopics({ waitForLeaders: false, topics: [spec] });
    await until(`topic ${topic}`, () => this.#isThere(topic));
  }

  async #isThere(topic: string): Promise<boolean> {
    try {
      const { topics } = await this.admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0].partitions.every(({ leader }) => leader >= 0);
    } catch {
      return false; // the broker has not heard of it yet
    }
  }

  /** Lets `worker` do this, as Kafka's ACLs have it; `revoke` takes it back. */
  async grant(acl: Acl): Promise<void> {
    await this.admin.createAcls({ acl: [{ ...ruleOf(acl), permissionType: ALLOW }] });
  }

  async revoke(acl: Acl): Promise<void> {
    await this.admin.deleteAcls({ filters: [{ ...ruleOf(acl), permissionType: ALLOW }] });
  }

  send(topic: string, messages: Message[]): Promise<unknown> {
    return this.producer.send({ topic, messages });
  }

  /** What retention does, at once: partition 0 begins at `offset` from now on. */
  async deleteRecords(topic: string, offset: number): Promise<void> {
    const partitions = [{ partition: 0, offset: String(offset) }];
    for (let tries = 0; ; tries++) {
      try {
        return await this.admin.deleteTopicRecords({ topic, partitions });
      } catch (error) {
        if (tries === 20) throw error; // it asks its metadata, which may not know the topic yet
        await sleep(100);
      }
    }
  }

  /** Every record of a topic, in the order of its partitions. */
  async read(topic: string): Promise<ReadRecord[]> {
    return readTopic(this.#kafka, topic, await this.admin.fetchTopicOffsets(topic));
  }

  /** Committed offset of each partition; −1 where there is none. */
  async committed(groupId: string, topic: string): Promise<number[]> {
    for (const end = Date.now() + 30_000; ; ) {
      try {
        const [{ partitions }] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
        partitions.sort((a, b) => a.partition - b.partition);
        return partitions.map(({ offset }) => Number(offset));
      } catch (error) {
        // The coordinator is still loading after a restart.
        if (!(error as { retriable?: boolean }).retriable || Date.now() > end) throw error;
        await sleep(200);
      }
    }
  }
}

export interface Acl {
  readonly on: 'topic' | 'group';
  readonly name: string;
  readonly operation: 'read' | 'write' | 'describe';
}

const ALLOW = kafkajs.AclPermissionTypes.ALLOW;

function ruleOf({ on, name, operation }: Acl) {
  const { AclOperationTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  const operations = {
    read: AclOperationTypes.READ,
    write: AclOperationTypes.WRITE,
    describe: AclOperationTypes.DESCRIBE,
  };
  return {
    resourceType: on === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
    resourceName: name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:worker',
    host: '*',
    operation: operations[operation],
  };
}

/** Waits until it holds; what it was waiting for is the message of the failure. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  for (const end = Date.now() + timeoutMs; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`timed out: ${what}`);
    await sleep(25);
  }
}
