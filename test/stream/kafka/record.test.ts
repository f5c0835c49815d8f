import test from 'ava';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { Judgement, Rejection } from '../../../src/frame/frame.js';
import { decodeMap } from '../../../src/localize/encode.js';
import { frameOf } from '../../../src/stream/kafka/message.js';
import {
  deadLetterRecord,
  mapRecord,
  resultRecord,
  shortResultRecord,
} from '../../../src/stream/kafka/record.js';
import { violations } from '../../helpers/kafka/contract.js';
import { FakeJudge, gridOf } from '../../helpers/kafka/judge.js';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

function frame(headers: IHeaders = {}, rest: Partial<KafkaMessage> = {}) {
  return frameOf('frames', 3, {
    key: Buffer.from('cam-1'),
    value: Buffer.from([200, 2, 3]),
    timestamp: '1700000000000',
    offset: '42',
    headers,
    ...rest,
  } as KafkaMessage);
}

const judged = (await new FakeJudge({ regions: 3 }).judge(frame())) as Judgement;
const GRID = gridOf(frame().bytes, 3);
const rejection: Rejection = { verdict: 'rejected', code: 'PL_IMAGE_BLANK', message: 'grün' };

test('a result is JSON by its schema, keyed by camera', (t) => {
  const { key, value, headers } = resultRecord(frame({ traceparent: TRACE }), judged, 'maps');
  const message = JSON.parse(String(value));
  t.deepEqual(violations('result', message), []);
  t.deepEqual(violations('result.headers', headers), []);
  t.is(key, 'cam-1');
  t.is(headers.traceparent, TRACE);
  t.is(headers['frame-id'], 'frames-3-42');
  t.is(message.frame.capturedAt, '2023-11-14T22:13:20.000Z');
  t.is(message.map.topic, 'maps');
  t.is(message.regions.length, 3);
});

test('a rejected frame has a result that says why', (t) => {
  const message = JSON.parse(String(resultRecord(frame(), rejection).value));
  t.deepEqual(violations('result', message), []);
  t.deepEqual(message.error, { code: 'PL_IMAGE_BLANK', message: 'grün' });
});

test('a short result leaves out its regions and says how many', (t) => {
  const message = JSON.parse(String(shortResultRecord(frame(), judged).value));
  t.deepEqual(violations('result', message), []);
  t.deepEqual([message.regions, message.omittedRegions], [[], 3]);
});

test('a map gives the scores back by its headers alone', async (t) => {
  const { key, value, headers } = await mapRecord(frame({ traceparent: TRACE }), {
    ...judged,
    grid: GRID,
  });
  t.is(key, 'cam-1');
  t.deepEqual(violations('map.headers', headers), []);
  const number = (name: string) => Number(headers[name]);
  const scale = { scaleMin: number('scale-min'), scaleMax: number('scale-max') };
  const scores = await decodeMap(value!, { rows: number('rows'), cols: number('cols'), ...scale });
  const quantum = (scale.scaleMax - scale.scaleMin) / 65535;
  for (const [i, score] of gridOf(frame().bytes, 3).scores.entries()) {
    t.true(Math.abs(scores[i] - score) <= quantum / 2 + 1e-6);
  }
});

test('headers of maps stay readable numbers, however small or large', async (t) => {
  for (const scores of [
    [1e-12, 2e-12],
    [-1e21, 1e22],
    [3, 3],
  ]) {
    const grid = { ...GRID, rows: 1, cols: 2, scores: Float32Array.from(scores) };
    const { headers } = await mapRecord(frame(), { ...judged, grid });
    t.deepEqual(violations('map.headers', headers), []);
  }
});

test('a dead letter is the record as it came, with what happened to it', (t) => {
  const { key, value, headers } = deadLetterRecord(
    frame({ mine: Buffer.from([0xff]), twice: ['a', 'b'], 'error-code': 'old' }),
    rejection,
  );
  t.deepEqual(violations('dead-letter.headers', { ...headers, mine: '', twice: '' }), []);
  t.deepEqual(key, Buffer.from('cam-1'));
  t.deepEqual(value, Buffer.from([200, 2, 3]));
  t.deepEqual(headers, {
    mine: Buffer.from([0xff]),
    twice: ['a', 'b'],
    'frame-id': 'frames-3-42',
    'error-code': 'PL_IMAGE_BLANK',
    'error-message': 'grün',
    'origin-topic': 'frames',
    'origin-partition': '3',
    'origin-offset': '42',
    'origin-timestamp': '1700000000000',
  });
});

test('a record without key and value stays one in its dead letter', (t) => {
  const { key, value, camera } = deadLetterRecord(frame({}, { key: null, value: null }), rejection);
  t.deepEqual([key, value, camera], [null, null, 'default']);
});

test('a dead letter without its value says how large it was', (t) => {
  const { value, headers } = deadLetterRecord(frame({ huge: 'h' }), rejection, false);
  t.is(value?.length, 0);
  t.is(headers['value-bytes'], '3');
  t.is(headers.huge, undefined, 'the headers may be what is too large');
});

test('endless error messages are cut', (t) => {
  const { headers } = deadLetterRecord(frame(), { ...rejection, message: 'x'.repeat(5000) });
  t.deepEqual(violations('dead-letter.headers', headers), []);
});

test('frames of other sources have dead letters too', (t) => {
  const { record: _, ...plain } = frame();
  const { key, headers } = deadLetterRecord(plain, rejection);
  t.is(key, 'cam-1');
  t.deepEqual(violations('dead-letter.headers', headers), []);
});
