import test from 'ava';
import fc from 'fast-check';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { frameOf } from '../../../src/stream/kafka/message.js';
import { violations } from '../../helpers/kafka/contract.js';

const TIMESTAMP = '1700000000000';

function record(headers: IHeaders = {}, rest: Partial<KafkaMessage> = {}): KafkaMessage {
  return {
    key: Buffer.from('cam-1'),
    value: Buffer.from([1, 2, 3]),
    timestamp: TIMESTAMP,
    attributes: 0,
    offset: '42',
    headers,
    ...rest,
  } as KafkaMessage;
}

const frame = (headers: IHeaders = {}, rest: Partial<KafkaMessage> = {}) =>
  frameOf('frames', 3, record(headers, rest));

test('a bare record: camera by key, id by position, time by record', (t) => {
  const { record: _, ...plain } = frame();
  t.deepEqual(plain, {
    id: 'frames-3-42',
    camera: 'cam-1',
    capturedAt: Number(TIMESTAMP),
    bytes: new Uint8Array([1, 2, 3]),
    encoding: { kind: 'encoded' },
    origin: { topic: 'frames', partition: 3, offset: '42' },
  });
});

test('without a key the camera is default', (t) => {
  t.is(frame({}, { key: null }).camera, 'default');
  t.is(frame({}, { key: Buffer.alloc(0) }).camera, 'default');
});

test('the bytes are memory of their own', (t) => {
  const fetch = Buffer.from([9, 9, 1, 2, 3, 9]);
  const { bytes } = frame({}, { value: fetch.subarray(2, 5) });
  fetch.fill(0);
  t.deepEqual([...bytes], [1, 2, 3]);
  t.is(bytes.buffer.byteLength, 3);
});

test('CloudEvents: ce_id is the id, ce_time the time', (t) => {
  const { id, capturedAt, problem } = frame({
    ce_id: Buffer.from('A-17'),
    ce_source: 'line/3',
    ce_time: '2024-02-29T12:00:00.250+01:00',
  });
  t.is(id, 'A-17');
  t.is(capturedAt, Date.UTC(2024, 1, 29, 11, 0, 0, 250));
  t.is(problem, undefined);
});

test('captured-at is RFC 3339 or epoch milliseconds, and goes before ce_time', (t) => {
  const ce_time = '2020-01-01T00:00:00Z';
  t.is(frame({ ce_time, 'captured-at': '1700000000123' }).capturedAt, 1700000000123);
  t.is(frame({ ce_time, 'captured-at': '1700000000123.5' }).capturedAt, 1700000000123.5);
  t.is(frame({ 'captured-at': '2023-11-14T22:13:20Z' }).capturedAt, 1700000000000);
  t.is(frame({ 'captured-at': '2023-11-14t22:13:20.5z' }).capturedAt, 1700000000500);
});

test('of a repeated header the last one counts', (t) => {
  t.is(frame({ ce_id: ['first', Buffer.from('last')] }).id, 'last');
});

test('raw pixels', (t) => {
  const headers = {
    'content-type': 'application/x-raw-pixels',
    width: '4',
    height: '2',
    channels: '3',
  };
  const { encoding, problem } = frame(headers);
  t.deepEqual(encoding, { kind: 'raw', width: 4, height: 2, channels: 3 });
  t.is(problem, undefined);
});

test('content types that leave the reading to the bytes', (t) => {
  for (const type of ['image/jpeg', 'IMAGE/PNG', 'image/webp; q=1', 'application/octet-stream']) {
    t.is(frame({ 'content-type': type }).problem, undefined, type);
  }
});

test('traceparent is passed on if it is one, and no reason to reject if not', (t) => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  t.is(frame({ traceparent }).traceparent, traceparent);
  for (const bad of [
    '',
    'x',
    traceparent.toUpperCase(),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  ]) {
    const { traceparent: kept, problem } = frame({ traceparent: bad });
    t.is(kept, undefined, bad);
    t.is(problem, undefined);
  }
});

const rejected: readonly [string, IHeaders, Partial<KafkaMessage>, RegExp][] = [
  ['no value', {}, { value: null }, /it has no value/],
  ['a key that is no text', {}, { key: Buffer.from([0xff]) }, /its key is not UTF-8/],
  ['an endless key', {}, { key: Buffer.alloc(257, 'k') }, /its key is longer than 256/],
  ['an endless id', { ce_id: 'i'.repeat(257) }, {}, /ce_id is longer than 256/],
  [
    'another content',
    { 'content-type': 'text/html' },
    {},
    /content-type is "text\/html", expected image/,
  ],
  [
    'no time',
    { 'captured-at': 'yesterday' },
    {},
    /captured-at is "yesterday", expected an RFC 3339/,
  ],
  [
    'a time without zone',
    { ce_time: '2024-01-01T00:00:00' },
    {},
    /ce_time is .* expected an RFC 3339 time$/,
  ],
  ['an epoch in ce_time', { ce_time: '1700000000000' }, {}, /ce_time is "1700000000000"/],
  ['a time beyond all', { 'captured-at': '999999999999999' }, {}, /captured-at/],
  [
    'raw, no size',
    { 'content-type': 'application/x-raw-pixels' },
    {},
    /width of raw pixels is missing.*height.*channels/,
  ],
  [
    'raw, wrong size',
    { 'content-type': 'application/x-raw-pixels', width: '0', height: '-1', channels: '2' },
    {},
    /width of raw pixels is "0", .*height of raw pixels is "-1", .*channels of raw pixels is "2", expected 1, 3 or 4/,
  ],
];

for (const [what, headers, rest, expected] of rejected) {
  test(`rejected: ${what}`, (t) => {
    const { problem, id, camera, capturedAt } = frame(headers, rest);
    t.is(problem?.code, 'PL_MESSAGE');
    t.regex(problem?.message ?? '', expected);
    t.regex(problem?.message ?? '', /^record frames-3-42: /);
    t.true(id.length <= 256 && camera.length <= 256);
    t.is(capturedAt, Number(TIMESTAMP), 'a time that is no time: that of the record');
  });
}

test('a record without a time of its own is as old as its arrival', (t) => {
  const before = Date.now();
  t.true(frame({}, { timestamp: '-1' }).capturedAt >= before);
});

test('the record is kept for a dead letter: key, headers, time', (t) => {
  const headers = { a: Buffer.from([0xff, 0]), b: ['x', Buffer.from('y')], empty: null } as never;
  const { key, hasValue, timestamp, headers: kept } = frame(headers).record;
  t.deepEqual(key, Buffer.from('cam-1'));
  t.true(hasValue);
  t.is(timestamp, TIMESTAMP);
  t.deepEqual(kept, {
    a: Buffer.from([0xff, 0]),
    b: ['x', Buffer.from('y')],
    empty: Buffer.alloc(0),
  });
});

test('property: whatever the headers say, there is a frame, and the schema agrees on which are bad', (t) => {
  const name = fc.constantFrom(
    'content-type',
    'width',
    'height',
    'channels',
    'captured-at',
    'ce_id',
    'ce_time',
  );
  const value = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.constantFrom(
      'application/x-raw-pixels',
      'image/png',
      '3',
      '640',
      '1700000000000',
      '2024-01-01T00:00:00Z',
    ),
  );
  fc.assert(
    fc.property(fc.dictionary(name, value), (headers) => {
      const { problem, id, capturedAt } = frame(headers);
      t.true(id.length > 0 && Number.isFinite(capturedAt));
      t.notThrows(() => new Date(capturedAt).toISOString());
      // What the published schema refuses is rejected; the code also knows calendars.
      if ('captured-at' in headers) delete headers.ce_time; // does not count then
      if (problem === undefined) t.deepEqual(violations('frame.headers', headers), []);
    }),
    { numRuns: 1000 },
  );
});
