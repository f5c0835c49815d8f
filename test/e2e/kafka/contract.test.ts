/** The messages of DESIGN §7 through a real broker: what goes in, what comes out, in which order. */
import test from 'ava';
import kafkajs, { type Message } from 'kafkajs';
import type { Frame } from '../../../src/frame/frame.js';
import { decodeMap } from '../../../src/localize/encode.js';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import type { ResultMessage } from '../../../src/stream/result.js';
import { violations } from '../../helpers/kafka/contract.js';
import { FakeJudge, gridOf, POISON } from '../../helpers/kafka/judge.js';
import { kafkaTest, Lab, until } from '../../helpers/kafka/lab.js';
import type { ReadRecord } from '../../helpers/kafka/read.js';
import { Worker } from '../../helpers/kafka/worker.js';

const it = kafkaTest(test);
let lab: Lab;
test.before(async () => {
  if (it === test.serial) lab = await Lab.open();
});
test.after.always(() => lab?.close());

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const topicOf = ({ topics }: KafkaOptions, role: 'frames' | 'results' | 'maps' | 'dead') =>
  `${topics.prefix}${role}`;
const resultOf = ({ value }: ReadRecord): ResultMessage => JSON.parse(String(value));

/** Runs a worker until it has settled `frames`, then stops it. */
async function work(site: KafkaOptions, frames: number, judge = new FakeJudge()): Promise<Worker> {
  const worker = await Worker.start(site, judge);
  try {
    await until(`${frames} frames settled`, () => worker.settled.length >= frames);
  } finally {
    await worker.stop();
  }
  return worker;
}

/** All records that came out, held against their schemas. */
async function harvest(t: { deepEqual: (a: unknown, b: unknown) => unknown }, site: KafkaOptions) {
  const [results, maps, dead] = await Promise.all(
    (['results', 'maps', 'dead'] as const).map((role) => lab.read(topicOf(site, role))),
  );
  for (const record of results) {
    t.deepEqual(violations('result', resultOf(record)), []);
    t.deepEqual(violations('result.headers', record.headers), []);
  }
  for (const { headers } of maps) t.deepEqual(violations('map.headers', headers), []);
  for (const { headers } of dead) t.deepEqual(violations('dead-letter.headers', headers), []);
  return { results, maps, dead };
}

it('a frame with everything: result and map carry its id, time, trace and grid', async (t) => {
  const site = await lab.site();
  const headers = {
    'content-type': 'image/jpeg',
    ce_id: 'A-17',
    ce_source: 'line/3',
    'captured-at': '2024-02-29T12:00:00.250+01:00',
    traceparent: TRACE,
  };
  const value = Buffer.from([200, 1, 2, 3]);
  await lab.send(topicOf(site, 'frames'), [{ key: 'cam-1', value, headers }]);
  await work(site, 1);
  const { results, maps, dead } = await harvest(t, site);
  const [result, map] = [resultOf(results[0]), maps[0]];
  t.deepEqual([results.length, maps.length, dead.length], [1, 1, 0]);
  t.like(result.frame, {
    id: 'A-17',
    camera: 'cam-1',
    capturedAt: '2024-02-29T11:00:00.250Z',
    topic: topicOf(site, 'frames'),
    partition: 0,
    offset: '0',
  });
  t.is(result.map?.topic, topicOf(site, 'maps'));
  for (const record of [results[0], map]) {
    t.is(record.key, 'cam-1');
    t.like(record.headers, { 'frame-id': 'A-17', traceparent: TRACE });
  }
  const [rows, cols] = [Number(map.headers.rows), Number(map.headers.cols)];
  const [scaleMin, scaleMax] = [Number(map.headers['scale-min']), Number(map.headers['scale-max'])];
  const scores = await decodeMap(map.value!, { rows, cols, scaleMin, scaleMax });
  const expected = gridOf(value, 3).scores;
  for (const [i, score] of scores.entries()) {
    t.true(Math.abs(score - expected[i]) <= (scaleMax - scaleMin) / 65535);
  }
});

it('raw pixels, no key, no headers', async (t) => {
  const site = await lab.site();
  const raw = {
    'content-type': 'application/x-raw-pixels',
    width: '2',
    height: '1',
    channels: '3',
  };
  const capturedAt = Date.now() - 3_600_000; // older records the broker would delete: retention
  await lab.send(topicOf(site, 'frames'), [
    { value: Buffer.from([1, 2, 3, 4, 5, 6]), headers: raw, timestamp: String(capturedAt) },
  ]);
  const judge = new FakeJudge();
  await work(site, 1, judge);
  t.deepEqual(judge.judged[0].encoding, { kind: 'raw', width: 2, height: 1, channels: 3 });
  const { results } = await harvest(t, site);
  t.is(results[0].key, 'default');
  t.like(resultOf(results[0]).frame, {
    id: `${topicOf(site, 'frames')}-0-0`,
    camera: 'default',
    capturedAt: new Date(capturedAt).toISOString(),
  });
});

it('what cannot be judged: a result that says why, a dead letter as it came, and the next frame', async (t) => {
  const site = await lab.site();
  const headers = { mine: Buffer.from([1, 2]), 'captured-at': 'yesterday' };
  await lab.send(topicOf(site, 'frames'), [
    { key: 'cam-1', value: POISON },
    { key: 'cam-1', value: Buffer.from('x'), headers },
    { key: Buffer.from([0xff, 0xfe]), value: Buffer.from('y') },
    { key: 'cam-1', value: null },
    { key: 'cam-1', value: Buffer.from([1]) },
  ]);
  const judge = new FakeJudge();
  await work(site, 5, judge);
  const { results, dead } = await harvest(t, site);
  t.deepEqual(
    results.map((record) => resultOf(record).error?.code),
    ['PL_IMAGE_UNREADABLE', 'PL_MESSAGE', 'PL_MESSAGE', 'PL_MESSAGE', undefined],
  );
  t.deepEqual(
    dead.map(({ value }) => value),
    [POISON, Buffer.from('x'), Buffer.from('y'), null],
  );
  t.like(dead[1].headers, { mine: '\u0001\u0002', 'captured-at': 'yesterday' });
  t.regex(dead[1].headers['error-message'], /captured-at is "yesterday"/);
  t.deepEqual(
    dead.map(({ headers: h }) => h['origin-offset']),
    ['0', '1', '2', '3'],
  );
  t.deepEqual(await lab.committed(site.group!.id!, topicOf(site, 'frames')), [5]);
});

it('every compression: gzip as kafkajs writes it, all four as Java writes them', async (t) => {
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251));
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd', 'producer']) {
    const site = await lab.site({ frames: { settings: { 'compression.type': codec } } });
    const messages = Array.from({ length: 5 }, () => ({ key: 'cam-1', value: noise }));
    const compression = codec === 'producer' ? { compression: kafkajs.CompressionTypes.GZIP } : {};
    await lab.producer.send({ topic: topicOf(site, 'frames'), messages, ...compression });
    const judge = new FakeJudge();
    await work(site, 5, judge);
    t.true(
      judge.judged.every(({ bytes }) => noise.equals(bytes)),
      codec,
    );
  }
});

it('in order for each camera, however long the frames take; every offset committed', async (t) => {
  const site = await lab.site({ frames: { partitions: 3 }, results: { partitions: 2 } });
  const messages: Message[] = Array.from({ length: 300 }, (_, i) => ({
    key: `cam-${i % 7}`,
    value: Buffer.from([i % 251]),
    headers: { ce_id: String(i).padStart(4, '0') },
  }));
  await lab.send(topicOf(site, 'frames'), messages);
  const judge = new FakeJudge({ workMs: 4 });
  await work(site, 300, judge);
  const { results, maps } = await harvest(t, site);
  t.is(maps.length, 300);
  for (const records of [results, maps]) {
    for (const camera of new Set(records.map(({ key }) => key))) {
      const own = records.filter(({ key }) => key === camera);
      const order = own.map(({ headers }) => headers['frame-id']);
      t.deepEqual(order, [...order].sort(), camera);
    }
    t.is(new Set(records.map(({ headers }) => headers['frame-id'])).size, 300);
  }
  t.true(judge.mostInWork > 3, 'frames were judged side by side');
  const committed = await lab.committed(site.group!.id!, topicOf(site, 'frames'));
  t.is(
    committed.reduce((sum, offset) => sum + Math.max(0, offset), 0),
    300,
  );
});

it('the same frames get the same ids in another group', async (t) => {
  const site = await lab.site();
  const messages = Array.from({ length: 10 }, (_, i) => ({ key: 'cam', value: Buffer.from([i]) }));
  await lab.send(topicOf(site, 'frames'), messages);
  await work(site, 10);
  await work({ ...site, group: { ...site.group, id: `${site.group!.id}-2` } }, 10);
  const { results } = await harvest(t, site);
  const ids = results.map(({ headers }) => headers['frame-id']);
  t.deepEqual(ids.slice(0, 10), ids.slice(10));
});

it('a restart goes on where the last worker stopped', async (t) => {
  const site = await lab.site();
  const messages = Array.from({ length: 20 }, (_, i) => ({ key: 'cam', value: Buffer.from([i]) }));
  await lab.send(topicOf(site, 'frames'), messages);
  await work(site, 20);
  await lab.send(topicOf(site, 'frames'), messages);
  const second = await work(site, 20);
  t.is(second.settled.length, 20);
  t.is((await harvest(t, site)).results.length, 40);
});

it('a new group can begin with the frames to come; its later partitions are read whole', async (t) => {
  const site = await lab.site();
  const group = { ...site.group, startAt: 'latest' as const };
  const frames = topicOf(site, 'frames');
  const send = (name: string, partition = 0) =>
    lab.send(frames, [{ key: 'cam', partition, value: Buffer.from(name) }]);
  await send('old');
  const judge = new FakeJudge();
  const worker = await Worker.start({ ...site, group }, judge);
  t.deepEqual(await lab.committed(group.id!, frames), [1], 'written down before the first frame');
  await send('new');
  await until('the new frame', () => judge.judged.length === 1);
  await worker.stop();
  await lab.admin.createPartitions({ topicPartitions: [{ topic: frames, count: 2 }] });
  await lab.renewProducer();
  await lab.send(frames, [{ key: 'cam', partition: 1, value: Buffer.from('later') }]);
  await work({ ...site, group }, 1, judge);
  t.deepEqual(
    judge.judged.map(({ bytes }) => String(Buffer.from(bytes))),
    ['new', 'later'],
  );
});

it('with a maximum age a backlog is skipped to the newest frames, each counted by camera', async (t) => {
  const [cameras, backlog] = [8, 4000];
  const site = await lab.site({ frames: { partitions: 4 } });
  const send = (count: number, ageMs: number) => {
    const headers = { 'captured-at': String(Date.now() - ageMs) };
    const value = Buffer.alloc(20_000, 1);
    const messages = Array.from({ length: count }, (_, i) => ({
      key: `cam-${i % cameras}`,
      partition: i % 4,
      value,
      headers,
    }));
    return lab.send(topicOf(site, 'frames'), messages);
  };
  for (let sent = 0; sent < backlog; sent += 200) await send(200, 600_000);
  const stale = new Map<string, number>();
  // An engine that would need minutes for the backlog.
  const judge = new FakeJudge({ workMs: 20 });
  const worker = await Worker.start(
    { ...site, group: { ...site.group, maxAgeMs: 60_000 } },
    judge,
    {
      observer: { stale: ({ camera }: Frame) => stale.set(camera, (stale.get(camera) ?? 0) + 1) },
    },
  );
  const begin = performance.now();
  await send(cameras, 0);
  await until('the fresh frames', () => worker.settled.length === cameras);
  t.log(`${backlog} frames skipped in ${(performance.now() - begin).toFixed(0)} ms`);
  await worker.stop();
  const all = Array.from({ length: cameras }, (_, i) => `cam-${i}`);
  t.deepEqual(
    [...stale].sort(),
    all.map((camera) => [camera, backlog / cameras]),
  );
  t.deepEqual(judge.judged.map(({ camera }) => camera).sort(), all);
  const committed = await lab.committed(site.group!.id!, topicOf(site, 'frames'));
  t.is(
    committed.reduce((sum, offset) => sum + Math.max(0, offset), 0),
    backlog + cameras,
  );
});

it('records that are larger than a topic takes: parts go out, all are counted, nothing is stuck', async (t) => {
  const small = { settings: { 'max.message.bytes': '2000' } };
  const site = await lab.site({ results: small, maps: small, deadLetters: small });
  const oversize: string[] = [];
  const big = Buffer.alloc(3000, 7);
  await lab.send(topicOf(site, 'frames'), [
    { key: 'cam', value: Buffer.from([1]) },
    { key: 'cam', value: big, headers: { 'captured-at': 'never', huge: 'h'.repeat(3000) } },
    { key: 'cam', value: Buffer.from([2]) },
  ]);
  // A random grid of 80 × 80 is a PNG of 12 kB, 100 regions are a result of 8 kB.
  const worker = await Worker.start(site, new FakeJudge({ regions: 100, side: 80 }), {
    observer: { oversize: (kind) => oversize.push(kind) },
  });
  await until('three frames', () => worker.settled.length === 3);
  await worker.stop();
  const { results, maps, dead } = await harvest(t, site);
  t.deepEqual(
    results.map((record) => resultOf(record).omittedRegions),
    [100, undefined, 100],
  );
  t.deepEqual(
    results.map((record) => resultOf(record).frame.offset),
    ['0', '1', '2'],
    'in the place of what is too large',
  );
  t.is(maps.length, 0);
  t.is(dead[0].value?.length, 0);
  t.is(dead[0].headers['value-bytes'], '3000');
  t.deepEqual(oversize.sort(), ['dead-letter', 'map', 'map', 'result', 'result']);
});

it('a worker without partitions is ready, and takes over when the other one leaves', async (t) => {
  const site = await lab.site();
  const first = await Worker.start(site, new FakeJudge());
  const joined: number[] = [];
  const second = await Worker.start(site, new FakeJudge(), {
    observer: { joined: (partitions) => joined.push(partitions.length) },
  });
  t.true(second.source.ready);
  await until('one has it all', () => joined.length > 0);
  const [owner, spare] = joined.at(-1) === 1 ? [second, first] : [first, second];
  await owner.stop();
  await lab.send(topicOf(site, 'frames'), [{ key: 'cam', value: Buffer.from([1]) }]);
  await until('the other one works', () => spare.settled.length === 1);
  await spare.stop();
  t.pass();
});
