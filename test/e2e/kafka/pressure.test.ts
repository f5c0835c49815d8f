/** Back-pressure: what does not get through waits in Kafka and nowhere else. */
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import { accountOf } from '../../helpers/kafka/account.js';
import { FakeJudge, type FakeJudgeOptions } from '../../helpers/kafka/judge.js';
import { kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import { WorkerProcess } from '../../helpers/kafka/process.js';
import { Worker } from '../../helpers/kafka/worker.js';

const it = kafkaTest(test, { owned: true });
let lab: Lab;
test.before(async () => {
  if (it === test.serial) lab = await Lab.open({}, true);
});
test.after.always(() => lab?.close());

async function feed({ topics }: KafkaOptions, count: number, bytes: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 20) {
    const messages = Array.from({ length: 20 }, (_, i) => ({
      key: `cam-${i % 4}`,
      value: Buffer.alloc(bytes, i),
    }));
    await lab.send(`${topics.prefix}frames`, messages);
  }
}

/** What goes wrong while a backlog of `BURST` frames waits. */
const PRESSURE: Record<string, { judge: FakeJudgeOptions; meanwhile: () => Promise<void> }> = {
  'a burst of 100 times what is in work': {
    judge: { workMs: 4 },
    meanwhile: () => Promise.resolve(),
  },
  'results that a stalling broker takes only now and then': {
    judge: { workMs: 1 },
    async meanwhile() {
      for (let i = 0; i < 8; i++) {
        lab.broker!.pause();
        await sleep(700);
        lab.broker!.resume();
        await sleep(100);
      }
    },
  },
};

const BURST = 1600;

for (const [name, { judge, meanwhile }] of Object.entries(PRESSURE)) {
  it(`${name}: memory stays at the credits and one fetch`, async (t) => {
    const partitions = { partitions: 4 };
    const options = await lab.site({ frames: partitions, results: partitions });
    const worker = await new WorkerProcess(options, judge, 16).ready();
    t.teardown(() => worker.signal('SIGKILL'));
    await feed(options, 200, 100_000); // as much as warms up the process
    await until('the warm-up', () => worker.settled >= 200);
    const before = worker.peakMemory;
    await feed(options, BURST, 100_000);
    await meanwhile();
    await until('the burst', () => worker.settled >= 200 + BURST, 60_000);
    const grown = worker.peakMemory - before;
    t.log(`peak ${worker.peakMemory.toFixed(0)} MiB, ${grown.toFixed(0)} MiB above the warm-up`);
    t.true(grown < 64, `${grown.toFixed(0)} MiB for a burst of 152 MiB`);
    t.is((await worker.signal('SIGTERM')).code, 0);
    const results = await lab.read(`${options.topics.prefix}results`);
    t.like(accountOf(200 + BURST, results), { lost: 0, duplicates: 0, outOfOrder: 0 });
  });
}

it('a broker that stalls for longer than the session: nothing piles up, nothing is lost', async (t) => {
  const options = await lab.site();
  const judge = new FakeJudge({ workMs: 2 });
  const worker = await Worker.start(options, judge, { frames: 8 });
  t.teardown(() => worker.stop());
  await feed(options, 200, 1000);
  await until('some frames', () => worker.settled.length > 20);
  lab.broker!.pause();
  t.teardown(() => lab.broker!.resume());
  const judged = judge.judged.length;
  await sleep(8000);
  t.true(judge.judged.length - judged <= 8, 'no more than the credits let in');
  t.true(worker.pipeline.credits.inFlight.frames <= 8);
  lab.broker!.resume();
  await until(
    'the rest',
    async () => {
      const ids = new Set(worker.settled.map(({ id }) => id));
      return ids.size === 200 || worker.broken;
    },
    60_000,
  );
  t.is(worker.failure, undefined);
  const results = await lab.read(`${options.topics.prefix}results`);
  const account = accountOf(200, results);
  t.like(account, { lost: 0, outOfOrder: 0 });
  t.log(account, worker.log);
});

it('an engine that hangs loses its partitions to a worker that does not', async (t) => {
  const options = await lab.site();
  const group = { ...options.group, stallMs: 2000 };
  const hanging = await Worker.start({ ...options, group }, { judge: () => new Promise(() => {}) });
  await feed(options, 20, 1000);
  await until('frames in work', () => hanging.pipeline.credits.inFlight.frames > 0);
  const healthy = await Worker.start(options, new FakeJudge());
  t.teardown(() => healthy.stop());
  await until('all frames', () => healthy.settled.length === 20);
  t.regex(hanging.failure?.message ?? '', /frames are in work and none was settled for 2 s/);
  await t.throwsAsync(hanging.source.finished, { message: /the engine hangs/ });
  await hanging.stop();
  const results = await lab.read(`${options.topics.prefix}results`);
  t.like(accountOf(20, results), { lost: 0, duplicates: 0 });
});

it('a slow engine does not lose its partitions', async (t) => {
  const options = await lab.site();
  const group = { ...options.group, sessionTimeoutMs: 2000 };
  let joins = 0;
  const worker = await Worker.start({ ...options, group }, new FakeJudge({ workMs: 1500 }), {
    frames: 1,
    observer: { joined: () => joins++ },
  });
  t.teardown(() => worker.stop());
  await feed(options, 20, 1000);
  await until('frames that take longer than the session', () => worker.settled.length >= 3, 40_000);
  t.is(joins, 1);
});
