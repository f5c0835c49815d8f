/** `npm run kafka [port]`: the broker of the tests for a person, with the topics of a worker. */
import { once } from 'node:events';
import kafkajs from 'kafkajs';
import { Broker } from './broker.js';
import { KAFKA_VERSION, missingTools } from './jars.js';

const TOPICS = { frames: 'frames', results: 'results', maps: 'maps', deadLetters: 'dead-letters' };
const PARTITIONS = 8;

const missing = missingTools();
if (missing !== undefined) {
  process.stderr.write(`A broker needs Java 17 and, the first time, Maven: ${missing}\n`);
  process.exit(1);
}
const broker = await Broker.start({ port: Number(process.argv[2] ?? 9092) });
await createTopics(broker.bootstrap);
process.stdout.write(`Apache Kafka ${KAFKA_VERSION} at ${broker.bootstrap}; Ctrl-C ends it and deletes its data.

  npx patchline run --model DIR --brokers ${broker.bootstrap} \\
    --frames-topic ${TOPICS.frames} --results-topic ${TOPICS.results} \\
    --maps-topic ${TOPICS.maps} --dead-letter-topic ${TOPICS.deadLetters}
`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await broker.close();

async function createTopics(bootstrap: string): Promise<void> {
  const admin = new kafkajs.Kafka({
    brokers: [bootstrap],
    logLevel: kafkajs.logLevel.ERROR,
  }).admin();
  const configEntries = [{ name: 'max.message.bytes', value: String(8 * 2 ** 20) }];
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: Object.values(TOPICS).map((topic) => ({
      topic,
      numPartitions: PARTITIONS,
      replicationFactor: 1,
      configEntries,
    })),
  });
  await admin.disconnect();
}
