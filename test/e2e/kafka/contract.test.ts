/** The messages of DESIGN §7 through a real broker: what goes in, what comes out. */
import anyTest, { type TestFn } from 'ava';
import kafkajs from 'kafkajs';
import { openKafka } from '../../../src/stream/kafka/kafka.js';
import { FakeJudge, POISON } from '../../helpers/kafka/judge.js';
import { kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import { startWorker } from '../../helpers/kafka/worker.js';

const test = anyTest as TestFn;
const it = kafkaTest(test);
let lab: Lab;

test.before(async () => {
  if (it !== test.serial) return;
  lab = await Lab.open();
});
test.after.always(() => lab?.close());

it('a frame comes back as a result and a map with its id', async (t) => {
  const site = await lab.site();
  const { prefix } = site.topics;
  const worker = await startWorker(site, new FakeJudge());
  await lab.send(`${prefix}frames`, [
    { key: 'cam-1', value: Buffer.from([200, 1, 2]) },
    { key: 'cam-1', value: POISON },
  ]);
  await until('results', async () => (await lab.read(`${prefix}results`)).length === 2);
  await worker.stop();
  t.log(await lab.read(`${prefix}results`));
  t.log(await lab.read(`${prefix}maps`));
  t.log(await lab.read(`${prefix}dead`));
  t.deepEqual(await lab.committed(site.group!.id!, `${prefix}frames`), [2]);
});
