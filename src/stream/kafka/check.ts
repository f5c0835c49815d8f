/** What can be known to go wrong before the first frame: found in seconds, told in one line. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { PatchlineError } from '../../errors.js';
import type { KafkaClient } from './client.js';
import { causeOf } from './errors.js';
import { type KafkaLog, type KafkaObserver, SILENT } from './events.js';
import type { CompiledGroup, CompiledTopics } from './options.js';

/** A cluster that has not answered by then is taken to be out of reach, milliseconds. */
const DEADLINE_MS = 12_000;

const GROUP_TRIES = 8;
const GROUP_PAUSE_MS = 500;

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
export async function checkCluster(
  client: KafkaClient,
  topics: CompiledTopics,
  group: CompiledGroup,
  options: CheckOptions = {},
): Promise<void> {
  const admin = client.admin();
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    await Promise.race([check(client, admin, topics, group, options), expiry(client, deadline)]);
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
  try {
    await admin.fetchTopicMetadata({ topics: [topic] });
  } catch (error) {
    const { type } = causeOf(error);
    const message = `topic ${topic} at Kafka ${where}`;
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION') {
      throw missing(`There is no ${message}`, 'create it, or correct its name', error);
    }
    if (type === 'TOPIC_AUTHORIZATION_FAILED') {
      throw missing(`No access to ${message}`, 'grant DESCRIBE and READ or WRITE on it', error);
    }
    throw error;
  }
}

async function checkGroup({ where }: KafkaClient, admin: Admin, group: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await admin.describeGroups([group]);
      return;
    } catch (error) {
      const { type = '', name } = causeOf(error);
      // What kafkajs makes of a refusal, but also of a new cluster that has no coordinators yet.
      const refused = name === 'KafkaJSGroupCoordinatorNotFound' || /AUTHORIZATION/.test(type);
      if (!refused) throw error;
      if (tries === GROUP_TRIES) {
        throw missing(`No access to group ${group} at Kafka ${where}`, 'grant READ on it', error);
      }
      await sleep(GROUP_PAUSE_MS);
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

function missing(message: string, hint: string, cause: unknown): PatchlineError {
  return new PatchlineError('PL_KAFKA', message, { disposition: 'usage', hint, cause });
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
