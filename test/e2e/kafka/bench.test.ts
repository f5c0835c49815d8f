/** `patchline bench --kafka` measures what it says; how fast it is is no matter for a test. */
import test from 'ava';
import { runKafkaBench } from '../../../src/bench/kafka/bench.js';
import { kafkaBenchLines } from '../../../src/cli/bench-table.js';
import { kafkaTest, Lab } from '../../helpers/kafka/lab.js';
import { testModelDir } from '../../helpers/model.js';

const it = kafkaTest(test);
let lab: Lab;
test.before(async () => {
  if (it === test.serial) lab = await Lab.open();
});
test.after.always(() => lab?.close());

it('engine, Kafka and decoder in the same rounds, and latencies; no topic is left', async (t) => {
  const before = await lab.admin.listTopics();
  const options = {
    model: await testModelDir({ width: 64, height: 64 }),
    backend: 'wasm',
    onBackend: () => {},
    rounds: 2,
    seconds: 0.2,
    broker: lab.bootstrap,
  } as const;
  const report = await runKafkaBench(options, () => {}, new AbortController().signal);
  t.deepEqual(
    report.sizes.map(({ width, height }) => [width, height]),
    [
      [64, 64],
      [256, 256],
    ],
  );
  for (const row of report.sizes) {
    const { engine, kafka, decode, cpuMsPerFrame, kafkaOverEngine, latency, bytes } = row;
    for (const { median } of [engine, kafka, decode, kafkaOverEngine]) t.true(median > 0);
    for (const { median } of Object.values(cpuMsPerFrame)) t.true(median > 0);
    t.true(latency.p50Ms > 0 && latency.p99Ms >= latency.p50Ms && latency.frames >= 180);
    t.true(bytes > 0);
  }
  const after = await lab.admin.listTopics();
  t.deepEqual(
    after.filter((topic) => topic.startsWith('patchline-bench')),
    before.filter((topic) => topic.startsWith('patchline-bench')),
  );
  t.true(kafkaBenchLines(report).some((line) => line.includes('256×256')));
});
