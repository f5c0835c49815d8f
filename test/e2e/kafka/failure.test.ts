/** What goes wrong with topics and brokers: recovered from, or told in one clear line. */
import test from 'ava';
import type { PatchlineError } from '../../../src/errors.js';
import { openKafka } from '../../../src/stream/kafka/kafka.js';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import { accountOf } from '../../helpers/kafka/account.js';
import { FakeJudge } from '../../helpers/kafka/judge.js';
import { kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import { Worker } from '../../helpers/kafka/worker.js';

const it = kafkaTest(test, { owned: true });
let lab: Lab;
test.before(async () => {
  if (it === test.serial) lab = await Lab.open({}, true);
});
test.after.always(() => lab?.close());

const topicOf = ({ topics }: KafkaOptions, role: string) => `${topics.prefix}${role}`;
const feed = (site: KafkaOptions, count: number) =>
  lab.send(
    topicOf(site, 'frames'),
    Array.from({ length: count }, (_, i) => ({ key: 'cam', value: Buffer.from([i]) })),
  );

/** How opening fails, which is told within 15 s. */
async function failure(site: KafkaOptions): Promise<PatchlineError> {
  const start = performance.now();
  try {
    const { sink } = await openKafka(site);
    await sink.close();
  } catch (error) {
    if (performance.now() - start > 15_000) throw new Error('it took longer than 15 s');
    return error as PatchlineError;
  }
  throw new Error('it did not fail');
}

it('a topic that is not there is named', async (t) => {
  const site = await lab.site();
  for (const role of ['frames', 'results', 'maps', 'deadLetters']) {
    const topics = { ...site.topics, [role]: 'nowhere' };
    const { code, message, hint } = await failure({ ...site, topics });
    t.is(code, 'PL_KAFKA');
    t.regex(message, /^There is no topic \w+\.nowhere at Kafka 127\.0\.0\.1:\d+$/);
    t.regex(hint ?? '', /create it/);
  }
});

it('brokers that are not there are named', async (t) => {
  const site = await lab.site();
  const { code, message, hint } = await failure({
    ...site,
    connection: { brokers: ['127.0.0.1:1'] },
  });
  t.is(code, 'PL_KAFKA');
  t.regex(message, /^Kafka 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/);
  t.regex(hint ?? '', /host:port/);
  const nowhere = await failure({ ...site, connection: { brokers: ['nowhere.invalid:9092'] } });
  t.regex(nowhere.message, /^Kafka nowhere\.invalid:9092 cannot be reached/);
});

it('TLS where the broker speaks none', async (t) => {
  const site = await lab.site();
  const { message, hint } = await failure({
    ...site,
    connection: { ...site.connection, tls: true },
  });
  t.log(message, hint);
  t.regex(message, /TLS|closed the connection|did not answer/);
});

it('records that are deleted before they were read are counted; the rest is judged', async (t) => {
  const site = await lab.site();
  await feed(site, 10);
  const first = await Worker.start(site, new FakeJudge());
  await until('the first frames', () => first.settled.length === 10);
  await first.stop();
  await feed(site, 20);
  await lab.deleteRecords(topicOf(site, 'frames'), 25);
  let gone = 0;
  const second = await Worker.start(site, new FakeJudge(), {
    observer: {
      gone: (_, records) => {
        gone += records;
      },
    },
  });
  t.teardown(() => second.stop());
  await until('the rest', () => second.settled.length === 5);
  t.is(gone, 15);
});

it('retention passes a worker that is behind: counted, and on it goes', async (t) => {
  const site = await lab.site();
  await feed(site, 30);
  let gone = 0;
  const worker = await Worker.start(
    { ...site, group: { ...site.group, fetchBytesPerPartition: 100 } },
    new FakeJudge({ workMs: 50 }),
    {
      frames: 1,
      observer: {
        gone: (_, records) => {
          gone += records;
        },
      },
    },
  );
  t.teardown(() => worker.stop());
  await until('the first', () => worker.settled.length >= 1);
  for (let i = 0; i < 5; i++) await feed(site, 1);
  await lab.deleteRecords(topicOf(site, 'frames'), 33);
  await until('the newest', () => worker.settled.at(-1)?.origin.offset === '34');
  t.is(gone + worker.settled.length, 35);
  t.log({ gone, settled: worker.settled.length, log: worker.log });
});

it('a frames topic that is deleted and made again: the worker goes on with the new one', async (t) => {
  const site = await lab.site();
  const judge = new FakeJudge();
  const worker = await Worker.start(site, judge);
  t.teardown(() => worker.stop());
  await feed(site, 10);
  await until('the old frames', () => worker.settled.length === 10);
  await lab.admin.deleteTopics({ topics: [topicOf(site, 'frames')] });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  t.is(worker.failure, undefined);
  await lab.createTopic(topicOf(site, 'frames'));
  await lab.renewProducer();
  await feed(site, 5);
  await until('the new frames', () => worker.settled.length === 15 || worker.broken, 60_000);
  t.is(worker.failure, undefined);
  t.log(worker.log);
});

it('a results topic that is deleted holds the worker up until it is made again', async (t) => {
  const site = await lab.site();
  const worker = await Worker.start(site, new FakeJudge(), { frames: 4 });
  t.teardown(() => worker.stop());
  await lab.admin.deleteTopics({ topics: [topicOf(site, 'results')] });
  await feed(site, 20);
  await until('a line in the log', () =>
    worker.log.some((line) => /does not take records/.test(line)),
  );
  // A broker deletes in the background: what it still took before that went with the topic.
  const gone = worker.settled.length;
  t.true(gone < 20);
  await lab.createTopic(topicOf(site, 'results'), 3);
  await until('all frames', () => worker.settled.length === 20 || worker.broken, 60_000);
  t.is(worker.failure, undefined);
  const { lost, outOfOrder } = accountOf(20, await lab.read(topicOf(site, 'results')));
  t.true(lost <= gone, `${lost} lost, ${gone} went with the old topic`);
  t.is(outOfOrder, 0);
  t.log(worker.log);
});

it('a results topic that is made again with fewer partitions ends the worker, and the next one repeats what is open', async (t) => {
  const site = await lab.site({ results: { partitions: 3 } });
  const cameras = Array.from({ length: 9 }, (_, i) => `cam-${i}`); // some in each partition
  const feedAll = () =>
    lab.send(
      topicOf(site, 'frames'),
      cameras.flatMap((key) => [1, 2].map((n) => ({ key, value: Buffer.from([n]) }))),
    );
  const first = await Worker.start(site, new FakeJudge());
  await feedAll();
  await until('the old frames', () => first.settled.length === 18);
  await lab.admin.deleteTopics({ topics: [topicOf(site, 'results')] });
  await lab.createTopic(topicOf(site, 'results'), 1);
  await feedAll();
  await until('the end', () => first.failure !== undefined, 60_000);
  t.is(first.failure?.code, 'PL_KAFKA');
  t.regex(first.failure?.message ?? '', /results has no partition [12] any more$/);
  await first.stop();

  const second = await Worker.start(site, new FakeJudge());
  t.teardown(() => second.stop());
  const read = async () => accountOf(18, await lab.read(topicOf(site, 'results')));
  await until('the new frames', async () => (await read()).distinct === 18, 60_000);
  t.is((await read()).outOfOrder, 0);
});

it('a broker that is away for longer than all retries of kafkajs: the worker is still there', async (t) => {
  const site = await lab.site();
  const worker = await Worker.start(site, new FakeJudge());
  t.teardown(() => worker.stop());
  await feed(site, 10);
  await until('some frames', () => worker.settled.length === 10);
  await lab.broker!.down();
  await new Promise((resolve) => setTimeout(resolve, 45_000));
  await lab.broker!.up();
  await feed(site, 10);
  await until('the other frames', () => worker.settled.length >= 20 || worker.broken, 60_000);
  t.is(worker.failure, undefined);
  t.log(worker.log);
});
