/** Another client at both ends: librdkafka sends the frames, and reads what came of them. */
import test from 'ava';
import type { ResultMessage } from '../../../src/stream/result.js';
import { violations } from '../../helpers/kafka/contract.js';
import { FakeJudge, gridOf } from '../../helpers/kafka/judge.js';
import { kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import { Worker } from '../../helpers/kafka/worker.js';
import { missingPython, python } from '../../helpers/python.js';

interface Seen {
  readonly results: readonly { key: string; partition: number; message: ResultMessage }[];
  readonly maps: readonly { key: string; partition: number; id: string; scores: number[] }[];
}

const it = kafkaTest(test, { also: missingPython(['confluent_kafka', 'PIL']) });
let lab: Lab;
test.before(async () => {
  if (it === test.serial) lab = await Lab.open();
});
test.after.always(() => lab?.close());

const CAMERAS = 5;
const SIDE = 7;

for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
  it(`frames of librdkafka, ${compression}; results and maps read by it`, async (t) => {
    const partitions = { partitions: 3 };
    const site = await lab.site({ frames: partitions, results: partitions, maps: partitions });
    const { prefix } = site.topics;
    const frames = Array.from({ length: 60 }, (_, i) => ({
      key: `cam-${i % CAMERAS}`,
      bytes: Buffer.from(Array.from({ length: 2000 }, (_, j) => (i * 31 + j) % 256)),
      id: `id-${String(i).padStart(3, '0')}`,
    }));
    const lines = frames.map(({ key, bytes, id }) =>
      JSON.stringify({ key, value: bytes.toString('hex'), headers: { ce_id: id } }),
    );
    python('produce.py', [lab.bootstrap, `${prefix}frames`, compression], lines.join('\n'));
    const worker = await Worker.start(site, new FakeJudge({ workMs: 2, side: SIDE }));
    t.teardown(() => worker.stop());
    await until('all frames', () => worker.settled.length === frames.length);

    const topics = [`${prefix}results`, `${prefix}maps`];
    const seen: Seen = JSON.parse(python('consume.py', [lab.bootstrap, ...topics]));
    t.is(seen.maps.length, frames.length);
    for (const { key, message } of seen.results) {
      t.deepEqual(violations('result', message), []);
      t.is(key, message.frame.camera);
    }
    const ids = seen.results.map(({ message }) => message.frame.id);
    t.deepEqual(
      [...ids].sort(),
      frames.map(({ id }) => id),
    );
    for (let camera = 0; camera < CAMERAS; camera++) {
      const own = ids.filter((id) => Number(id.slice(3)) % CAMERAS === camera);
      t.deepEqual(own, [...own].sort(), 'in the order in which they were sent');
    }
    for (const { id, key, scores } of seen.maps) {
      const frame = frames.find((f) => f.id === id)!;
      const expected = gridOf(frame.bytes, SIDE).scores;
      const quantum = (Math.max(...expected) - Math.min(...expected)) / 65535;
      t.is(key, frame.key);
      t.true(scores.every((score, i) => Math.abs(score - expected[i]) <= quantum / 2 + 1e-4));
    }
  });
}
