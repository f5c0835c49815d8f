/** At least once, in order, no frame stuck: workers that are stopped, killed and joined. */
import test from 'ava';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import { accountOf } from '../../helpers/kafka/account.js';
import type { FakeJudgeOptions } from '../../helpers/kafka/judge.js';
import { kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import { WorkerProcess } from '../../helpers/kafka/process.js';

const it = kafkaTest(test, { owned: true });
let lab: Lab;
const workers: WorkerProcess[] = [];

test.before(async () => {
  if (it === test.serial) lab = await Lab.open({}, true);
});
test.afterEach.always(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.signal('SIGKILL')));
});
test.after.always(() => lab?.close());

const PARTITIONS = 4;

async function site(): Promise<KafkaOptions> {
  const partitions = { partitions: PARTITIONS };
  return lab.site({ frames: partitions, results: partitions, maps: partitions });
}

function start(options: KafkaOptions, judge: FakeJudgeOptions = {}): Promise<WorkerProcess> {
  const worker = new WorkerProcess(options, judge);
  workers.push(worker);
  return worker.ready();
}

/** Frames of 8 cameras, two for each partition. */
async function feed({ topics }: KafkaOptions, count: number, bytes = 20_000): Promise<void> {
  for (let sent = 0; sent < count; sent += 100) {
    const messages = Array.from({ length: Math.min(100, count - sent) }, (_, i) => ({
      key: `cam-${i % 8}`,
      partition: i % PARTITIONS,
      value: Buffer.alloc(bytes, (sent + i) % 251),
    }));
    await lab.send(`${topics.prefix}frames`, messages);
  }
}

async function results({ topics }: KafkaOptions, sent: number) {
  return accountOf(sent, await lab.read(`${topics.prefix}results`));
}

async function settledBy(count: number): Promise<void> {
  const sum = () => workers.reduce((total, { settled }) => total + settled, 0);
  await until(`${count} frames settled, not ${sum()}`, () => sum() >= count, 60_000);
}

async function committedSum({ topics, group }: KafkaOptions): Promise<number> {
  const offsets = await lab.committed(group!.id!, `${topics.prefix}frames`);
  return offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0);
}

it('SIGTERM amid 100 frames in work: drained, committed, exit 0; the next one repeats nothing', async (t) => {
  const options = await site();
  await feed(options, 600);
  const first = new WorkerProcess(options, { workMs: 60 }, 100);
  workers.push(await first.ready());
  await settledBy(150);
  const { code, tookMs, stderr } = await first.signal('SIGTERM');
  t.is(code, 0, stderr);
  t.log(`out after ${tookMs.toFixed(0)} ms, ${first.settled} settled`);
  t.is(await committedSum(options), first.settled);
  await start(options);
  await settledBy(600);
  t.like(await results(options, 600), { lost: 0, duplicates: 0, outOfOrder: 0 });
});

it('kill -9: the other worker takes over, nothing is lost, repetitions have the same id', async (t) => {
  const options = await site();
  await feed(options, 1500);
  const [first] = await Promise.all([start(options, { workMs: 5 }), start(options, { workMs: 5 })]);
  await settledBy(300);
  const { signal } = await first.signal('SIGKILL');
  t.is(signal, 'SIGKILL');
  await until('all', async () => (await committedSum(options)) === 1500, 60_000);
  const account = await results(options, 1500);
  t.like(account, { lost: 0, outOfOrder: 0 });
  // What a killed worker had published and not committed: a tick of frames and those in work.
  t.true(account.duplicates < 400, `${account.duplicates} duplicates`);
  t.log(account);
});

it('workers come and go in peace: nothing is lost and nothing is repeated', async (t) => {
  const options = await site();
  const first = await start(options, { workMs: 5 });
  const feeding = feed(options, 2000);
  await settledBy(100);
  const second = await start(options, { workMs: 5 });
  await settledBy(600);
  t.is((await first.signal('SIGTERM')).code, 0);
  await start(options, { workMs: 5 });
  await feeding;
  await until('all', async () => (await committedSum(options)) === 2000, 60_000);
  t.is((await second.signal('SIGTERM')).code, 0);
  const account = await results(options, 2000);
  t.like(account, { lost: 0, outOfOrder: 0 });
  t.true(account.duplicates <= 64, `${account.duplicates} duplicates`);
  t.log(account);
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  it(`the broker restarts after ${signal}: the workers wait and go on`, async (t) => {
    const options = await site();
    await Promise.all([start(options, { workMs: 10 }), start(options, { workMs: 10 })]);
    await feed(options, 1000);
    await settledBy(100);
    await lab.broker!.down(signal);
    await lab.broker!.up();
    await until('all', async () => (await committedSum(options)) === 1000, 60_000);
    t.false(workers.some(({ ended }) => ended));
    const account = await results(options, 1000);
    t.like(account, { lost: 0, outOfOrder: 0 });
    t.log(account);
  });
}
