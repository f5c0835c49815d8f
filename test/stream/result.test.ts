import test from 'ava';
import { resultMessage } from '../../src/stream/result.js';
import { frameOf } from '../helpers/frames.js';
import { ANOMALOUS, OK, REJECTED } from '../helpers/outcomes.js';

/** DESIGN §7, field by field and in its order: consumers rely on it. */
const FRAME = {
  id: 'frames-3-42',
  camera: 'press 4',
  capturedAt: '2026-01-02T03:04:05.678Z',
  topic: 'frames',
  partition: 3,
  offset: '42',
};

const frame = frameOf('frames-3-42', 'bytes', {
  camera: 'press 4',
  origin: { topic: 'frames', partition: 3, offset: '42' },
});

test('an ok frame', (t) => {
  const expected = {
    schema: 'patchline.result/1',
    frame: { ...FRAME, width: 320, height: 240 },
    verdict: 'ok',
    model: { id: 'a'.repeat(64), name: 'screw' },
    score: 1.25,
    threshold: 4.5,
    regions: [],
    map: { rows: 2, cols: 3, stride: 4, offset: 3.5 },
    timings: { waitMs: 0.123, decodeMs: 1.5, encodeMs: 20, densityMs: 2, mapMs: 3, overlayMs: 0 },
  };
  t.is(JSON.stringify(resultMessage(frame, OK)), JSON.stringify(expected));
});

test('an anomalous frame has regions; its map says where it is published', (t) => {
  const { verdict, score, regions, map } = resultMessage(frame, ANOMALOUS, 'maps');
  t.is(verdict, 'anomalous');
  t.is(score, 9.75);
  t.deepEqual(regions, [
    { x: 10, y: 20, width: 30, height: 40, areaPx: 900, peak: 12.5, mean: 8.5 },
  ]);
  t.deepEqual(map, { rows: 2, cols: 3, stride: 4, offset: 3.5, topic: 'maps' });
});

test('with a standing, the result says where the line of the camera stands', (t) => {
  const line = { state: 'alarm', before: 'warning', anomalous: 3, of: 5 } as const;
  const expected = { state: 'alarm', anomalous: 3, of: 5 };
  t.deepEqual(resultMessage(frame, { ...ANOMALOUS, standing: { line } }).line, expected);
  t.deepEqual(resultMessage(frame, { ...REJECTED, standing: { line } }).line, expected);
});

test('a rejected frame says why', (t) => {
  const expected = {
    schema: 'patchline.result/1',
    frame: FRAME,
    verdict: 'rejected',
    error: { code: 'PL_IMAGE_UNREADABLE', message: 'frame 7 is empty (0 bytes)' },
  };
  t.is(JSON.stringify(resultMessage(frame, REJECTED)), JSON.stringify(expected));
});

for (const [capturedAt, text] of [
  [Number.NaN, '1970-01-01T00:00:00.000Z'],
  [-1, '1970-01-01T00:00:00.000Z'],
  [1e300, '9999-12-31T23:59:59.999Z'],
  [1.5, '1970-01-01T00:00:00.001Z'],
] as const) {
  test(`a clock at ${capturedAt} is no reason to fail`, (t) => {
    t.is(resultMessage({ ...frame, capturedAt }, OK).frame.capturedAt, text);
  });
}
