/** Kafka at both ends of a worker: checked, connected, ready to start. */
import { checkCluster } from './check.js';
import { KafkaClient } from './client.js';
import { type KafkaLog, type KafkaObserver, Progress } from './events.js';
import { compileGroup, compileTopics, type KafkaOptions } from './options.js';
import { KafkaSink } from './sink.js';
import { KafkaSource } from './source.js';

export interface KafkaEnds {
  readonly source: KafkaSource;
  readonly sink: KafkaSink;
}

/**
 * Checks the cluster and connects the sink. The source joins its group when it is started.
 *
 * @throws PL_CONFIG or PL_KAFKA within 15 s if something is wrong with brokers, credentials,
 *   topics or the group
 */
export async function openKafka(
  { connection, topics, group }: KafkaOptions,
  { observer, log }: { readonly observer?: KafkaObserver; readonly log?: KafkaLog } = {},
): Promise<KafkaEnds> {
  const client = new KafkaClient(connection, log);
  const names = compileTopics(topics);
  const compiled = compileGroup(group);
  const shared = {
    progress: new Progress(),
    ...(observer && { observer }),
    ...(log && { log }),
  };
  await checkCluster(client, names, compiled, shared);
  const sink = await KafkaSink.open(client, names, shared);
  return { source: new KafkaSource(client, names.frames, compiled, shared), sink };
}
