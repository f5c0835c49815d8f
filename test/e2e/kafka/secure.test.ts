/** TLS, SASL and ACLs of a broker that denies by default. */
import test from 'ava';
import type { PatchlineError } from '../../../src/errors.js';
import { openKafka } from '../../../src/stream/kafka/kafka.js';
import {
  type ConnectionOptions,
  type KafkaOptions,
  SASL_MECHANISMS,
} from '../../../src/stream/kafka/options.js';
import { type Certificates, makeCertificates } from '../../helpers/kafka/certificates.js';
import { FakeJudge } from '../../helpers/kafka/judge.js';
import { type Acl, kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import { Worker } from '../../helpers/kafka/worker.js';

const it = kafkaTest(test, { owned: true });
const PASSWORD = 'worker-secret-4711';
let lab: Lab;
let files: Certificates;
test.before(async () => {
  if (it !== test.serial) return;
  files = makeCertificates();
  const { key, certificate } = files;
  const users = { admin: 'admin-secret', worker: PASSWORD };
  lab = await Lab.open({ secure: { users, key, certificate } }, true);
});
test.after.always(() => lab?.close());

const topicOf = ({ topics }: KafkaOptions, role: string) => `${topics.prefix}${role}`;

function connection(change: Partial<ConnectionOptions> = {}): ConnectionOptions {
  return {
    brokers: [lab.broker!.secureBootstrap],
    tls: { ca: files.ca },
    sasl: { mechanism: 'plain', username: 'worker', password: PASSWORD },
    ...change,
  };
}

/** A site whose worker may do all that the README asks for. */
async function secureSite(without: (acl: Acl) => boolean = () => false): Promise<KafkaOptions> {
  const site = { ...(await lab.site()), connection: connection() };
  for (const acl of neededBy(site)) if (!without(acl)) await lab.grant(acl);
  return site;
}

function neededBy(site: KafkaOptions): Acl[] {
  return [
    { on: 'topic', name: topicOf(site, 'frames'), operation: 'read' },
    { on: 'group', name: site.group!.id!, operation: 'read' },
    ...['results', 'maps', 'dead'].map(
      (role): Acl => ({ on: 'topic', name: topicOf(site, role), operation: 'write' }),
    ),
  ];
}

/** How opening fails: one line that names the cluster and no secret. */
async function failure(site: KafkaOptions): Promise<PatchlineError> {
  try {
    const { sink } = await openKafka(site);
    await sink.close();
  } catch (error) {
    const failed = error as PatchlineError;
    if (failed.explanation.includes(PASSWORD)) throw new Error('it tells the password');
    return failed;
  }
  throw new Error('it did not fail');
}

const feed = (site: KafkaOptions, count: number) =>
  lab.send(
    topicOf(site, 'frames'),
    Array.from({ length: count }, (_, i) => ({ key: 'cam', value: Buffer.from([i]) })),
  );

for (const mechanism of SASL_MECHANISMS) {
  it(`frames in and results out over TLS and ${mechanism}`, async (t) => {
    const site = await secureSite();
    const sasl = { mechanism, username: 'worker', password: PASSWORD };
    await feed(site, 5);
    const worker = await Worker.start(
      { ...site, connection: connection({ sasl }) },
      new FakeJudge(),
    );
    t.teardown(() => worker.stop());
    await until('the frames', () => worker.settled.length === 5 || worker.broken);
    t.is(worker.failure, undefined);
  });
}

it('a certificate of its own can be shown to the broker', async (t) => {
  const site = await secureSite();
  const { ca, certificate, key } = files;
  const tls = { ca, certificate, key };
  const { sink } = await openKafka({ ...site, connection: connection({ tls }) });
  await sink.close();
  t.pass();
});

it('mistakes are told in one line, without the password', async (t) => {
  const site = await secureSite();
  const wrong = (change: Partial<ConnectionOptions>) =>
    failure({ ...site, connection: connection(change) });
  const sasl = (mechanism: (typeof SASL_MECHANISMS)[number], password: string) => ({
    sasl: { mechanism, username: 'worker', password },
  });
  for (const mechanism of SASL_MECHANISMS) {
    t.regex((await wrong(sasl(mechanism, 'wrong'))).message, /refuses the credentials/, mechanism);
  }
  t.regex((await wrong({ tls: true })).message, /has a certificate that is not trusted/);
  t.regex((await wrong({ tls: { ca: files.otherCa } })).message, /that is not trusted/);
  t.regex((await wrong({ tls: false })).explanation, /closed the connection.*TLS/s);
});

it('rights that are missing at the start are named', async (t) => {
  const frames = await secureSite(({ operation, on }) => on === 'topic' && operation === 'read');
  t.regex((await failure(frames)).message, /^No access to topic \w+\.frames at Kafka/);
  const group = await secureSite(({ on }) => on === 'group');
  t.regex((await failure(group)).message, /^No access to group \w+\.group at Kafka/);
  const results = await secureSite(({ name }) => name.endsWith('results'));
  t.regex((await failure(results)).message, /^No access to topic \w+\.results at Kafka/);
});

it('a right to write that turns out to be missing ends the worker', async (t) => {
  const site = await secureSite(({ name }) => name.endsWith('results'));
  await lab.grant({ on: 'topic', name: topicOf(site, 'results'), operation: 'describe' });
  await feed(site, 3);
  const worker = await Worker.start(site, new FakeJudge());
  t.teardown(() => worker.stop());
  await until('the end', () => worker.broken);
  t.regex(worker.failure?.explanation ?? '', /refuses access to a topic.*WRITE/s);
  t.deepEqual(await lab.committed(site.group!.id!, topicOf(site, 'frames')), [-1]);
});

for (const on of ['topic', 'group'] as const) {
  it(`the right to read the ${on} is taken away: the worker ends, and says why`, async (t) => {
    const site = await secureSite();
    await feed(site, 3);
    const worker = await Worker.start(site, new FakeJudge());
    t.teardown(() => worker.stop());
    await until('the first frames', () => worker.settled.length === 3);
    const name = on === 'topic' ? topicOf(site, 'frames') : site.group!.id!;
    await lab.revoke({ on, name, operation: 'read' });
    await feed(site, 1);
    await until('the end', () => worker.broken);
    t.is(worker.failure?.code, 'PL_KAFKA');
    t.regex(worker.failure?.message ?? '', /refuses access to a topic|refuses the consumer group/);
    await t.throwsAsync(worker.source.finished);
    t.log(worker.failure?.explanation);
  });
}
