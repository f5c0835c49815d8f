import test from 'ava';
import { ModelSet } from '../../src/engine/models.js';
import type { Frame, Outcome } from '../../src/frame/frame.js';
import { type AlarmRule, LINE_STATES } from '../../src/watch/line-state.js';
import { Watch, type WatchOptions } from '../../src/watch/watch.js';
import { FAKE_BUNDLE } from '../helpers/fake-engine.js';
import { frameOf } from '../helpers/frames.js';
import { ANOMALOUS, OK, REJECTED } from '../helpers/outcomes.js';

const TWO_OF_TWO: AlarmRule = { anomalous: 2, of: 2 };

const of = (camera: string, partition = -1): Frame =>
  frameOf(`${camera}-1`, '', { camera, origin: { topic: 'frames', partition, offset: '1' } });

function watchOf(options: Partial<WatchOptions> = {}) {
  const forgotten: string[] = [];
  const watch = new Watch({
    models: ModelSet.single(FAKE_BUNDLE),
    alarmAfter: TWO_OF_TWO,
    onForgotten: (camera) => forgotten.push(camera),
    ...options,
  });
  const state = (frame: Frame, outcome: Outcome) => watch.follow(frame, outcome).line.state;
  return { watch, state, forgotten };
}

test('each camera has a line of its own', (t) => {
  const { state } = watchOf();
  t.is(state(of('a'), ANOMALOUS), 'warning');
  t.is(state(of('b'), ANOMALOUS), 'warning');
  t.is(state(of('a'), ANOMALOUS), 'alarm');
  t.is(state(of('b'), OK), 'warning');
});

test("it knows the false-alarm rate of the camera's model, and none of a camera without", (t) => {
  const models = new ModelSet(new Map([['a', FAKE_BUNDLE]]), undefined);
  const { watch } = watchOf({ models });
  t.is(watch.follow(of('a'), OK).alpha, FAKE_BUNDLE.manifest.calibration.alpha);
  const stray = watch.follow(of('b'), REJECTED);
  t.deepEqual(Object.keys(stray), ['line']);
});

test('a rebalance: cameras of partitions that stay keep their state, all others begin anew', (t) => {
  const { watch, state, forgotten } = watchOf();
  for (const camera of [of('stays', 0), of('goes', 1)]) {
    state(camera, ANOMALOUS);
    t.is(state(camera, ANOMALOUS), 'alarm');
  }
  watch.keep([0, 2]);
  t.deepEqual(forgotten, ['goes']);
  t.is(state(of('stays', 0), ANOMALOUS), 'alarm');
  watch.keep([0, 1, 2]); // it comes back, with frames in between that another worker judged
  t.is(state(of('goes', 1), ANOMALOUS), 'warning');
});

test('a frame whose partition went away while it was in work leaves nothing behind', (t) => {
  const { watch, state, forgotten } = watchOf();
  watch.keep([0, 1]);
  state(of('stays', 0), ANOMALOUS);
  watch.keep([0]);
  for (const frame of [of('stays', 0), of('late', 1)]) {
    state(frame, ANOMALOUS);
    watch.settled(frame);
  }
  t.deepEqual(forgotten, ['late']);
  t.is(state(of('stays', 0), OK), 'alarm', 'two of two, until fewer than one is');
  watch.keep([0, 1]);
  t.is(state(of('late', 1), ANOMALOUS), 'warning', 'as the first frame that was seen');
});

test('a camera of which only frames come that are too old goes with its partition, too', (t) => {
  const { watch, state, forgotten } = watchOf();
  watch.keep([0, 1]);
  watch.skipped(of('old', 1));
  t.deepEqual(forgotten, []);
  watch.keep([0]);
  t.deepEqual(forgotten, ['old']);
  watch.skipped(of('late', 1)); // it was on its way when its partition went
  t.deepEqual(forgotten, ['old', 'late']);
  state(of('stays', 0), ANOMALOUS);
  watch.skipped(of('stays', 0));
  t.is(state(of('stays', 0), ANOMALOUS), 'alarm', 'a frame that is skipped is no good one');
});

test('where there are no partitions, nothing is forgotten', (t) => {
  const { watch, state, forgotten } = watchOf();
  state(of('a'), ANOMALOUS);
  watch.settled(of('a'));
  t.deepEqual(forgotten, []);
});

test('memory is bounded: the camera that was silent longest makes room', (t) => {
  const { watch, state, forgotten } = watchOf({ maxCameras: 2 });
  state(of('a'), ANOMALOUS);
  state(of('b'), ANOMALOUS);
  state(of('a'), OK);
  state(of('c'), OK);
  t.deepEqual(forgotten, ['b']);
  t.is(state(of('a'), ANOMALOUS), 'warning');
  for (let i = 0; i < 10_000; i++) watch.follow(of(`stray ${i}`), OK);
  t.is(forgotten.length, 10_001);
});

test('drift is told from 100 judged frames on; rejected ones do not count', (t) => {
  const { manifest } = FAKE_BUNDLE;
  const quantiles = [0, 1].map((p) => ({ p, score: p }));
  const calibration = { ...manifest.calibration, quantiles, threshold: 1 };
  const bundle = { ...FAKE_BUNDLE, manifest: { ...manifest, calibration } };
  const { watch } = watchOf({ models: ModelSet.single(bundle) });
  const frame = of('a');
  for (let i = 1; i < 100; i++) {
    t.is(watch.follow(frame, REJECTED).drift, undefined);
    t.is(watch.follow(frame, { ...OK, score: 0.95 }).drift, undefined);
  }
  const drift = watch.follow(frame, { ...OK, score: 0.95 }).drift;
  t.true(Math.abs((drift?.value ?? 0) - 0.9) < 1e-4); // 95 of 100 pairs higher, 5 lower
  t.true(drift?.warning && drift.changed);
});

test('the states are those of the contract', (t) => {
  t.deepEqual([...LINE_STATES], ['ok', 'warning', 'alarm']);
});
