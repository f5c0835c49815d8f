import test from 'ava';
import fc from 'fast-check';
import type { Outcome } from '../../src/frame/frame.js';
import { EventLog } from '../../src/observe/event-log.js';
import { createLogger } from '../../src/observe/log.js';
import type { DriftStatus } from '../../src/watch/drift.js';
import type { LineState } from '../../src/watch/line-state.js';
import { hostileId } from '../helpers/hostile.js';
import { frameOf, judgementOf, REJECTION } from './synthetic.js';

function eventLog() {
  const lines: string[] = [];
  const log = new EventLog(createLogger({ stream: { write: (line) => void lines.push(line) } }));
  const records = () => lines.map((line) => JSON.parse(line));
  return {
    log,
    lines,
    messages: () => records().map(({ level, msg }) => `${level}: ${msg}`),
    records,
  };
}

const line = (before: LineState, state: LineState) => ({ before, state, anomalous: 3, of: 5 });
const drift = (warning: boolean, changed: boolean): DriftStatus => ({
  value: 0.25,
  limit: 0.2,
  warning,
  changed,
});

test('good frames, defects and warnings are silent', async (t) => {
  const { log, lines } = eventLog();
  for (const score of [3, 30]) await log.publish(frameOf('c'), judgementOf(score));
  for (const [before, state] of [
    ['ok', 'warning'],
    ['warning', 'ok'],
    ['alarm', 'alarm'],
  ] as const) {
    const standing = { line: line(before, state), drift: drift(true, false) };
    await log.publish(frameOf('c'), { ...judgementOf(30), standing });
  }
  t.deepEqual(lines, []);
});

test('an alarm and a drift are told once when they begin and once when they end', async (t) => {
  const { log, messages, records } = eventLog();
  const tell = (standing: Outcome['standing']) =>
    log.publish(frameOf('c', 'f'), { ...judgementOf(3), ...(standing && { standing }) });
  await tell({ line: line('warning', 'alarm'), drift: drift(true, true) });
  await tell({ line: line('alarm', 'alarm'), drift: drift(true, false) });
  await tell({ line: line('alarm', 'warning'), drift: drift(false, true) });
  t.deepEqual(messages(), [
    'warn: line alarm',
    'warn: scores drift',
    'info: line alarm is over',
    'info: scores drift no longer',
  ]);
  t.like(records()[0], { camera: 'c', frame: 'f', anomalous: 3, of: 5 });
  t.like(records()[1], { camera: 'c', drift: 0.25, limit: 0.2 });
});

test('whatever the ids and reasons are: one line, and what they were', async (t) => {
  await fc.assert(
    fc.asyncProperty(hostileId, hostileId, hostileId, async (camera, frame, message) => {
      const { log, lines, records } = eventLog();
      await log.publish(frameOf(camera, frame), { ...REJECTION, message });
      t.is(lines.length, 1);
      t.regex(lines[0], /^[^\p{Cc}\u2028\u2029]+\n$/u);
      const [record] = records();
      t.like(record, { msg: 'frame rejected', level: 'warn', camera, frame, reason: message });
    }),
    { numRuns: 300 },
  );
});
