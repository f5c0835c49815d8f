/** `patchline run` on Kafka as a user has it: the real engine, flags, environment, signals, probes. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { decodeMap } from '../../../src/localize/encode.js';
import type { ResultMessage } from '../../../src/stream/result.js';
import { jpeg, png, surface, withDefect } from '../../helpers/images.js';
import { accountOf } from '../../helpers/kafka/account.js';
import { violations } from '../../helpers/kafka/contract.js';
import { kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import { argumentsFor, Run } from '../../helpers/kafka/run.js';
import { testModelDir } from '../../helpers/model.js';

const it = kafkaTest(test);
const SIZE = { width: 96, height: 64 };
const RAW = {
  'content-type': 'application/x-raw-pixels',
  width: '96',
  height: '64',
  channels: '3',
};
let lab: Lab;
let model: string;
const runs: Run[] = [];

test.before(async () => {
  if (it !== test.serial) return;
  [lab, model] = [await Lab.open(), await testModelDir(SIZE)];
});
test.afterEach.always(() => Promise.all(runs.splice(0).map((run) => run.signal('SIGKILL'))));
test.after.always(() => lab?.close());

function start(args: readonly string[], environment = {}): Run {
  const run = new Run(args, environment);
  runs.push(run);
  return run;
}

const resultsOf = async (topic: string): Promise<ResultMessage[]> =>
  (await lab.read(topic)).map(({ value }) => JSON.parse(String(value)));

it('every content type through the real engine: results, maps, dead letters, metrics, probes', async (t) => {
  const site = await lab.site();
  const { prefix } = site.topics;
  const good = surface(SIZE, 40);
  const bad = withDefect(surface(SIZE, 41), 40, 24);
  const images = [
    { value: await jpeg(good), headers: { 'content-type': 'image/jpeg' } },
    { value: await png(good), headers: { ce_id: 'good-1' } },
    {
      value: await sharp(good.data, { raw: { ...SIZE, channels: 3 } })
        .webp()
        .toBuffer(),
    },
    { value: good.data, headers: RAW },
    { value: await png(bad), headers: { ce_id: 'bad-1' } },
    { value: 'no image at all' },
    { value: good.data, headers: { ...RAW, width: '97' } },
  ];
  const messages = images.map(({ value, ...rest }) => ({
    key: 'cam-1',
    value: Buffer.from(value),
    ...rest,
  }));
  await lab.send(`${prefix}frames`, messages);
  const run = await start(['--model', model, ...argumentsFor(site)]).joined();
  await until('all results', async () => (await lab.read(`${prefix}results`)).length === 7);

  const { status } = await run.get('/readyz');
  t.is(status, 200);
  const metrics = (await run.get('/metrics')).text;
  t.regex(metrics, /patchline_published_records_total\{kind="result"\} 7/);
  t.regex(metrics, /patchline_published_records_total\{kind="dead-letter"\} 2/);
  t.regex(metrics, /patchline_consumer_partitions 1/);
  await until(
    'the commit',
    async () => (await lab.committed(site.group!.id!, `${prefix}frames`))[0] === 7,
  );

  const { code, stderr } = await run.signal('SIGTERM');
  t.is(code, 0, stderr);
  const results = await resultsOf(`${prefix}results`);
  t.deepEqual(
    results.flatMap((result) => violations('result', result)),
    [],
  );
  t.deepEqual(
    results.map(({ verdict }) => verdict === 'rejected'),
    [false, false, false, false, false, true, true],
  );
  t.is(results[4].verdict, 'anomalous');
  const [region] = results[4].regions!;
  t.true(
    region.x < 56 && region.x + region.width > 40 && region.y < 40 && region.y + region.height > 24,
  );

  const maps = await lab.read(`${prefix}maps`);
  t.is(maps.length, 5);
  for (const [i, { headers, value }] of maps.entries()) {
    t.deepEqual(violations('map.headers', headers), []);
    t.is(headers['frame-id'], results[i].frame.id);
    const numbers = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, Number(v)]));
    const scale = { scaleMin: numbers['scale-min'], scaleMax: numbers['scale-max'] };
    const scores = await decodeMap(value!, { rows: numbers.rows, cols: numbers.cols, ...scale });
    t.like(results[i].map, { rows: numbers.rows, cols: numbers.cols, stride: numbers.stride });
    t.is(scores.length, numbers.rows * numbers.cols);
  }
  t.is((await lab.read(`${prefix}dead`)).length, 2);
  t.notRegex(stderr, /"level":"(error|debug)"/);
});

it('each camera has its own model; the others share the default', async (t) => {
  const site = await lab.site();
  const { prefix } = site.topics;
  const folder = await mkdtemp(join(tmpdir(), 'patchline-models-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const square = { width: 64, height: 64 };
  await cp(model, join(folder, 'default'), { recursive: true });
  await cp(await testModelDir(square), join(folder, 'square'), { recursive: true });
  await lab.send(`${prefix}frames`, [
    { key: 'square', value: Buffer.from(await png(surface(square, 1))) },
    { key: 'wide', value: Buffer.from(await png(surface(SIZE, 1))) },
    { key: 'wide', value: Buffer.from(await png(surface(square, 1))) },
  ]);
  await start(['--models', folder, ...argumentsFor(site)]).joined();
  await until('all results', async () => (await lab.read(`${prefix}results`)).length === 3);
  const [first, second, third] = await resultsOf(`${prefix}results`);
  t.not(first.model?.id, second.model?.id);
  t.is(third.error?.code, 'PL_IMAGE_SIZE');
});

it('SIGTERM with work in hand: out within 10 s with exit 0, and nothing is judged twice', async (t) => {
  const site = await lab.site();
  const { prefix } = site.topics;
  const value = Buffer.from(await png(surface(SIZE, 1)));
  const messages = Array.from({ length: 400 }, (_, i) => ({ key: `cam-${i % 4}`, value }));
  await lab.send(`${prefix}frames`, messages);
  const args = ['--model', model, '--max-frames', '100', ...argumentsFor(site)];
  const first = start(args);
  await until('some results', async () => (await lab.read(`${prefix}results`)).length > 0);
  const { code, tookMs, stderr } = await first.signal('SIGTERM');
  t.is(code, 0, stderr);
  t.true(tookMs < 10_000, `${tookMs} ms`);
  const between = (await lab.read(`${prefix}results`)).length;
  t.deepEqual(await lab.committed(site.group!.id!, `${prefix}frames`), [between]);
  await start(args).joined();
  await until('all results', async () => (await lab.read(`${prefix}results`)).length >= 400);
  t.like(accountOf(400, await lab.read(`${prefix}results`)), {
    lost: 0,
    duplicates: 0,
    outOfOrder: 0,
  });
  t.log(`${between} before, drained in ${tookMs.toFixed(0)} ms`);
});

it('wrong brokers, topics, options: one clear line and the right code, within 15 s', async (t) => {
  const site = await lab.site();
  const attempt = async (args: string[], environment = {}) => {
    const begin = performance.now();
    const { code, stderr } = await start(['--model', model, ...args], environment).exit;
    t.true(performance.now() - begin < 15_000);
    return { code, stderr };
  };
  const topic = await attempt([...argumentsFor(site), '--frames-topic', 'nowhere']);
  t.is(topic.code, 2, topic.stderr);
  t.regex(topic.stderr, /There is no topic \S+nowhere at Kafka/);

  const brokers = await attempt([...argumentsFor(site), '--brokers', '127.0.0.1:1']);
  t.is(brokers.code, 1, brokers.stderr);
  t.regex(brokers.stderr, /Kafka 127\.0\.0\.1:1 cannot be reached/);

  const half = await attempt(['--brokers', lab.bootstrap, '--frames-topic', 'frames']);
  t.is(half.code, 2);
  t.regex(half.stderr, /--results-topic: give all of them or none/);

  const age = await attempt([...argumentsFor(site), '--max-age', '2']);
  t.is(age.code, 2);
  t.regex(age.stderr, /--max-age: expected a time above 0 with its unit/);

  const environment = { PATCHLINE_SASL_PASSWORD: 'hunter-2-hunter' };
  const sasl = await attempt([...argumentsFor(site), '--sasl-username', 'me'], environment);
  t.is(sasl.code, 1, sasl.stderr);
  t.regex(sasl.stderr, /SASL plain as me/);
  t.notRegex(sasl.stderr, /hunter/);
});

it('the same options from a file', async (t) => {
  const site = await lab.site();
  const { prefix } = site.topics;
  const file = join(await mkdtemp(join(tmpdir(), 'patchline-config-')), 'patchline.yaml');
  t.teardown(() => rm(join(file, '..'), { recursive: true }));
  const lines = [
    `model: ${model}`,
    `brokers: [${lab.bootstrap}]`,
    `frames-topic: frames`,
    `results-topic: results`,
    `topic-prefix: ${prefix}`,
    `group: ${site.group!.id}`,
    `max-age: 2s`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const headers = { 'captured-at': String(Date.now() - 60_000) };
  const value = Buffer.from(await png(surface(SIZE, 1)));
  await lab.send(`${prefix}frames`, [
    { key: 'old', value, headers },
    { key: 'new', value, headers: { 'captured-at': String(Date.now() + 30_000) } },
  ]);
  const run = await start(['--config', file]).joined();
  await until('the result', async () => (await lab.read(`${prefix}results`)).length === 1);
  t.is((await resultsOf(`${prefix}results`))[0].frame.camera, 'new');
  t.regex(
    (await run.get('/metrics')).text,
    /patchline_frames_total\{camera="old",outcome="stale"\} 1/,
  );
});

it('an engine that is stopped in its tracks loses the group, and another worker takes over', async (t) => {
  const site = await lab.site();
  const { prefix } = site.topics;
  const value = Buffer.from(await png(surface(SIZE, 1)));
  const args = ['--model', model, ...argumentsFor(site)];
  const frozen = await start(args).joined();
  void frozen.signal('SIGSTOP');
  await lab.send(`${prefix}frames`, [{ key: 'cam', value }]);
  const second = start(args);
  await until('the result', async () => (await lab.read(`${prefix}results`)).length === 1, 60_000);
  t.is((await second.signal('SIGTERM')).code, 0);
});
