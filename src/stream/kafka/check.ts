/** What can be known to go wrong before the first frame: found in seconds, told in one line. */
import type { Admin } from 'kafkajs';
import { PatchlineError } from '../../errors.js';
import type { KafkaClient } from './client.js';
import { causeOf } from './errors.js';
import type { CompiledGroup, CompiledTopics } from './options.js';

/** A cluster that has not answered by then is taken to be out of reach, milliseconds. */
const DEADLINE_MS = 12_000;

/**
 * Checks brokers, credentials, topics and the group, and settles where a new group begins.
 *
 * @throws PL_KAFKA (usage where it is the configuration that is wrong)
 */
export async function checkCluster(
  client: KafkaClient,
  topics: CompiledTopics,
  group: CompiledGroup,
): Promise<void> {
  const admin = client.admin();
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    await Promise.race([check(client, admin, topics, group), expiry(client, deadline)]);
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
): Promise<void> {
  await admin.connect();
  for (const topic of Object.values(topics)) await checkTopic(client, admin, topic);
  await checkGroup(client, admin, group.id);
  if (group.startAt === 'latest') await startAtLatest(admin, topics.frames, group.id);
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
  try {
    await admin.describeGroups([group]);
  } catch (error) {
    if (!/AUTHORIZATION/.test(causeOf(error).type ?? '')) throw error;
    throw missing(`No access to group ${group} at Kafka ${where}`, 'grant READ on it', error);
  }
}

/**
 * Writes down where a group without offsets begins. Without that, each worker would begin at what
 * is the latest when it starts: frames between a crash and the next start would be lost.
 */
async function startAtLatest(admin: Admin, topic: string, groupId: string): Promise<void> {
  const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [topic] });
  if (partitions.some(({ offset }) => Number(offset) >= 0)) return;
  const ends = await admin.fetchTopicOffsets(topic);
  await admin
    .setOffsets({
      groupId,
      topic,
      partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
    })
    .catch((error: unknown) => {
      // Another worker of the group was faster and has begun.
      const begun = ['UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS'].includes(
        causeOf(error).type ?? '',
      );
      if (!begun && !/no running instances/.test(causeOf(error).message)) throw error;
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
