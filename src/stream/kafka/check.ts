/** What can be known to go wrong before the first frame: found in seconds, told in one line. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { PatchlineError } from '../../errors.js';
import type { KafkaClient } from './client.js';
import { causeOf, type KafkaCause } from './errors.js';
import { type KafkaLog, type KafkaObserver, SILENT } from './events.js';
import type { CompiledGroup, CompiledTopics } from './options.js';

/** A cluster that has not answered by then is taken to be out of reach, milliseconds. */
const DEADLINE_MS = 12_000;

const TRIES = 6;
const PAUSE_MS = 500;

export interface CheckOptions {
  readonly observer?: KafkaObserver;
  readonly log?: KafkaLog;
}

/**
 * Checks brokers, credentials, topics and the group, and settles where a new group begins. Counts
 * the records that were deleted while the group was away.
 *
 * @throws PL_KAFKA (usage where it is the configuration that is wrong)
 */
export function checkCluster(
  client: KafkaClient,
  topics: CompiledTopics,
  group: CompiledGroup,
  options: CheckOptions = {},
): Promise<void> {
  return asking(client, (admin) => check(client, admin, topics, group, options));
}

/**
 * For a producer: checks brokers, credentials and that the topic is there.
 *
 * @throws PL_KAFKA (usage where it is the configuration that is wrong)
 */
export function checkTopicOf(client: KafkaClient, topic: string): Promise<void> {
  return asking(client, async (admin) => {
    await admin.connect();
    await checkTopic(client, admin, topic);
  });
}

/** Questions to the cluster, with an end to the patience. */
async function asking(
  client: KafkaClient,
  questions: (admin: Admin) => Promise<void>,
): Promise<void> {
  const admin = client.admin();
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    await Promise.race([questions(admin), expiry(client, deadline)]);
  } catch (error) {
    throw client.error(error);
  } finally {
    admin.disconnect().catch(() => {});
  }
}

async function check(
  client: KafkaClient,
  admin: Admin,
  topics: CompiledTopics,
  group: CompiledGroup,
  options: CheckOptions,
): Promise<void> {
  await admin.connect();
  for (const topic of Object.values(topics)) await checkTopic(client, admin, topic);
  await checkGroup(client, admin, group.id);
  const positions = await positionsOf(admin, topics.frames, group.id);
  reportGone(topics.frames, positions, options);
  const isNew = positions.every(({ committed }) => committed < 0n);
  if (isNew && group.startAt === 'latest') {
    await startAtLatest(admin, topics.frames, group.id, positions);
  }
}

async function checkTopic({ where }: KafkaClient, admin: Admin, topic: string): Promise<void> {
  const at = `topic ${topic} at Kafka ${where}`;
  await patiently(
    () => admin.fetchTopicMetadata({ topics: [topic] }),
    ({ type }) => {
      if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
        return wrong(`There is no ${at}`, 'create it, or correct its name');
      }
      if (type === 'TOPIC_AUTHORIZATION_FAILED') {
        return wrong(`No access to ${at}`, 'grant DESCRIBE and READ or WRITE on it');
      }
      return undefined;
    },
  );
}

async function checkGroup({ where }: KafkaClient, admin: Admin, group: string): Promise<void> {
  await patiently(
    () => admin.describeGroups([group]),
    ({ type = '', name }) => {
      // What kafkajs makes of a refusal, but also of a new cluster that has no coordinators yet.
      const refused = name === 'KafkaJSGroupCoordinatorNotFound' || /AUTHORIZATION/.test(type);
      return refused
        ? wrong(`No access to group ${group} at Kafka ${where}`, 'grant READ on it')
        : undefined;
    },
  );
}

/** What is missing may have been made just now, and not all brokers have heard of it. */
async function patiently(
  ask: () => Promise<unknown>,
  explain: (cause: KafkaCause) => PatchlineError | undefined,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await ask();
      return;
    } catch (error) {
      const explained = explain(causeOf(error));
      if (explained === undefined) throw error;
      if (tries === TRIES) throw explained;
      await sleep(PAUSE_MS);
    }
  }
}

/** Where a group is in a partition, and what there is. */
interface Position {
  readonly partition: number;
  /** −1: nowhere yet. */
  readonly committed: bigint;
  readonly low: bigint;
  readonly high: string;
}

async function positionsOf(admin: Admin, topic: string, groupId: string): Promise<Position[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return ends.map(({ partition, low, high }) => {
    const offset = partitions.find((p) => p.partition === partition)?.offset ?? '-1';
    return { partition, committed: BigInt(offset), low: BigInt(low), high };
  });
}

function reportGone(
  topic: string,
  positions: readonly Position[],
  { observer = {}, log = SILENT }: CheckOptions,
): void {
  for (const { partition, committed, low } of positions) {
    if (committed < 0n || committed >= low) continue;
    const records = Number(low - committed);
    observer.gone?.(partition, records);
    log.warn('records were deleted before they were read', { topic, partition, records });
  }
}

/**
 * Writes down where a new group begins. Without that, each worker would begin at what is the latest
 * when it starts: frames between a crash and the next start would be lost.
 */
async function startAtLatest(
  admin: Admin,
  topic: string,
  groupId: string,
  positions: readonly Position[],
): Promise<void> {
  const partitions = positions.map(({ partition, high }) => ({ partition, offset: high }));
  await admin.setOffsets({ groupId, topic, partitions }).catch((error: unknown) => {
    const { type = '', message } = causeOf(error);
    // Another worker of the group was faster and has begun.
    const begun = /UNKNOWN_MEMBER_ID|REBALANCE_IN_PROGRESS/.test(type);
    if (!begun && !/no running instances/.test(message)) throw error;
  });
}

function wrong(message: string, hint: string): PatchlineError {
  return new PatchlineError('PL_KAFKA', message, { disposition: 'usage', hint });
}

function expiry({ where }: KafkaClient, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      const message = `Kafka ${where} did not answer within ${DEADLINE_MS / 1000} s`;
      const hint = 'check the brokers (host:port), and whether they speak TLS';
      reject(new PatchlineError('PL_KAFKA', message, { hint }));
    });
  });
}
