/** `patchline line` in front of a real broker. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { LineSource } from '../../../src/stream/line/source.js';
import { patchline } from '../../helpers/cli.js';
import { kafkaTest, Lab } from '../../helpers/kafka/lab.js';
import { testModelDir } from '../../helpers/model.js';

const it = kafkaTest(test);
const SURFACES = ['metal', 'fabric'] as const;
const FRAMES = 5;
let lab: Lab;
test.before(async () => {
  if (it !== test.serial) return;
  lab = await Lab.open();
});
test.after.always(() => lab?.close());

const feed = (topic: string, ...more: string[]): string[] => [
  'line',
  ...['--brokers', lab.bootstrap, '--frames-topic', topic, '--surfaces', SURFACES.join(',')],
  ...['--seed', '3', '--rate', '20', '--json', ...more],
];

it('each camera sends the frames of the line, in order, as JPEG with their time', async (t) => {
  const topic = `${(await lab.site()).topics.prefix}frames`;
  const start = Date.now();
  const { code, stdout, stderr } = await patchline(feed(topic, '--frames', String(FRAMES)), {
    cwd: tmpdir(),
  });
  t.is(code, 0, stderr);
  t.deepEqual(JSON.parse(stdout), { learned: [], sent: 2 * FRAMES });

  const records = await lab.read(topic);
  const drawn = await drawnBytes();
  for (const camera of ['metal-1', 'fabric-1']) {
    const own = records.filter(({ key }) => key === camera);
    t.deepEqual(
      own.map(({ value }) => value?.toString('base64')),
      drawn.get(camera),
    );
    for (const { headers } of own) {
      t.is(headers['content-type'], 'image/jpeg');
      const at = Number(headers['captured-at']);
      t.true(start <= at && at <= Date.now());
    }
  }
});

it('SIGTERM ends a line; what it says it sent is what the topic has', async (t) => {
  const topic = `${(await lab.site()).topics.prefix}frames`;
  const { code, stdout, stderr } = await patchline(feed(topic), {
    cwd: tmpdir(),
    onStart: async (child) => {
      while ((await lab.read(topic)).length === 0 && child.exitCode === null) await sleep(100);
      child.kill('SIGTERM');
    },
  });
  t.is(code, 0, stderr);
  const { sent } = JSON.parse(stdout) as { sent: number };
  t.true(sent > 0);
  t.is((await lab.read(topic)).length, sent);
});

it('a topic that is not there is said at once', async (t) => {
  const { code, stderr } = await patchline(feed('no-such-topic'), { cwd: tmpdir() });
  t.is(code, 2);
  t.regex(stderr, /There is no topic no-such-topic at Kafka .*\n.*create it/);
});

test('models that are there stay; a damaged one is told and kept', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'patchline-line-'));
  t.teardown(() => rm(cwd, { recursive: true }));
  await cp(await testModelDir({ width: 64, height: 64 }), join(cwd, 'm/metal-1'), {
    recursive: true,
  });
  const args = ['line', '--models', 'm', '--surfaces', 'metal', '--json'];
  const there = await patchline(args, { cwd });
  t.deepEqual(JSON.parse(there.stdout), { learned: [], sent: 0 }, there.stderr);

  await writeFile(join(cwd, 'm/metal-1/density.safetensors'), 'no tensors');
  const damaged = await patchline(args, { cwd });
  t.is(damaged.code, 1);
  t.is(JSON.parse(damaged.stdout).error.code, 'PL_BUNDLE_CORRUPT');
});

/** What `LineSource` hands out without Kafka: base64 by camera. */
async function drawnBytes(): Promise<Map<string, string[]>> {
  const source = new LineSource({
    surfaces: SURFACES,
    seed: 3,
    framesPerSecond: 100,
    limit: FRAMES,
  });
  const drawn = new Map<string, string[]>();
  await source.start(async ({ camera, bytes }) => {
    drawn.set(camera, [...(drawn.get(camera) ?? []), Buffer.from(bytes).toString('base64')]);
    return { settled: Promise.resolve() };
  });
  await source.finished;
  return drawn;
}
