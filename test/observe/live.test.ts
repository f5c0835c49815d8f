import test from 'ava';
import { type LiveUpdate, LiveView, type LiveViewOptions } from '../../src/observe/live.js';
import type { LiveCamera } from '../../src/observe/live-camera.js';
import { frameOf, judgementOf, REJECTION, regionOf } from './synthetic.js';

/** A view whose clock stands still until it is moved. */
function viewOf(options: LiveViewOptions = {}) {
  const clock = { now: 1_000_000 };
  const view = new LiveView({ now: () => clock.now, ...options });
  const camera = (id: string): LiveCamera | undefined =>
    view.snapshot().cameras.find((shown) => shown.id === id);
  return { view, clock, camera };
}

/** Collects updates and tells pending ones at once: a snapshot flushes. */
function follow(view: LiveView): { updates: LiveUpdate[]; stop: () => void } {
  const updates: LiveUpdate[] = [];
  return { updates, stop: view.subscribe((update) => updates.push(update)) };
}

const jpeg = (bytes: number) => new Uint8Array(bytes);

test('a camera shows its newest frame, verdict and counts', async (t) => {
  const { view, clock, camera } = viewOf();
  await view.publish(frameOf('a', '1'), judgementOf(3, { overlay: jpeg(5) }));
  clock.now += 500;
  await view.publish(frameOf('a', '2'), judgementOf(30));
  t.like(camera('a'), {
    verdict: 'anomalous',
    score: 30,
    threshold: 10,
    at: 1_000_500,
    frames: 2,
    anomalies: 1,
    rejected: 0,
    model: 'brushed steel',
    pictured: {
      version: 1,
      at: 1_000_000,
      verdict: 'ok',
      score: 3,
      threshold: 10,
      size: { width: 256, height: 256 },
    },
    points: [
      [1_000_000, 3, 10, 'ok'],
      [1_000_500, 30, 10, 'anomalous'],
    ],
  });
  t.is(view.picture('a')?.byteLength, 5, 'no new picture: the old one stays');
});

test('a rejected frame says why and leaves a gap in the scores', async (t) => {
  const { view, camera } = viewOf();
  await view.publish(frameOf('a'), judgementOf(3));
  await view.publish(frameOf('a'), { ...REJECTION, message: 'x'.repeat(5000) });
  t.like(camera('a'), { verdict: 'rejected', score: null, threshold: 10, rejected: 1 });
  t.is(camera('a')?.message.length, 300);
  t.deepEqual(camera('a')?.points[1], [1_000_000, null, 10, 'rejected']);
  await view.publish(frameOf('a'), judgementOf(4));
  t.is(camera('a')?.message, '');
});

test('the latest anomalies stay, oldest first, strongest regions first', async (t) => {
  const { view } = viewOf();
  const regions = Array.from({ length: 30 }, (_, i) => regionOf(i));
  await view.publish(frameOf('a', 'f1', 7), judgementOf(30, { overlay: jpeg(9), regions }));
  await view.publish(frameOf('b', 'f2'), judgementOf(20));
  await view.publish(frameOf('b', 'f3'), judgementOf(2));
  const { anomalies } = view.snapshot();
  t.deepEqual(
    anomalies.map(({ id, camera, picture }) => [id, camera, picture]),
    [
      ['f1', 'a', true],
      ['f2', 'b', false],
    ],
  );
  t.like(anomalies[0], { score: 30, threshold: 10, capturedAt: 7, at: 1_000_000, regionCount: 30 });
  t.is(anomalies[0].regions.length, 20);
  t.is(anomalies[0].regions[0].peak, 29);
  t.is(view.overlay('f1')?.byteLength, 9);
  t.is(view.overlay('f2'), undefined);
});

test('a frame that is delivered twice is one anomaly', async (t) => {
  const { view } = viewOf();
  await view.publish(frameOf('a', 'f1'), judgementOf(30, { overlay: jpeg(9) }));
  await view.publish(frameOf('a', 'f1'), judgementOf(30, { overlay: jpeg(9) }));
  t.is(view.snapshot().anomalies.length, 1);
  t.is(view.pictureBytes, 18, 'the newest of the camera and the one overlay');
});

test('points, anomalies and cameras are bounded, whatever comes', async (t) => {
  const { view, camera } = viewOf({ maxCameras: 3, maxPoints: 5, maxAnomalies: 4 });
  for (let i = 0; i < 50; i++) {
    await view.publish(frameOf(`cam-${i % 10}`, `f${i}`), judgementOf(30, { overlay: jpeg(1) }));
  }
  const { cameras, anomalies, totals } = view.snapshot();
  t.deepEqual(
    cameras.map(({ id, points }) => [id, points.length]),
    [
      ['cam-0', 5],
      ['cam-1', 5],
      ['cam-2', 5],
    ],
  );
  t.deepEqual(
    anomalies.map(({ id }) => id),
    ['f46', 'f47', 'f48', 'f49'],
  );
  t.like(totals, { frames: 50, anomalies: 50, hidden: 35 });
  t.is(camera('cam-5'), undefined);
});

test('pictures are bounded in bytes, the oldest go first', async (t) => {
  const { view } = viewOf({ pictureBytes: 2000 });
  for (let i = 0; i < 100; i++) {
    await view.publish(frameOf(`cam-${i}`, `f${i}`), judgementOf(30, { overlay: jpeg(300) }));
    t.true(view.pictureBytes <= 2000);
  }
  t.is(view.picture('cam-0'), undefined);
  t.truthy(view.picture('cam-99'));
  const kept = view.snapshot().anomalies.filter(({ picture }) => picture);
  t.deepEqual(
    kept.map(({ id }) => id),
    ['f97', 'f98', 'f99'],
  );
});

test('a picture larger than the budget is not kept', async (t) => {
  const { view } = viewOf({ pictureBytes: 100 });
  await view.publish(frameOf('a'), judgementOf(30, { overlay: jpeg(1000) }));
  t.is(view.pictureBytes, 0);
  t.is(view.picture('a'), undefined);
});

test('a picture does not keep a larger buffer alive', async (t) => {
  const { view } = viewOf();
  const pool = new Uint8Array(1_000_000).fill(7);
  await view.publish(frameOf('a'), judgementOf(3, { overlay: pool.subarray(10, 20) }));
  t.is(view.picture('a')?.buffer.byteLength, 10);
  t.deepEqual([...(view.picture('a') ?? [])], Array(10).fill(7));
});

test('a new camera takes the place of one that has been quiet for a minute', async (t) => {
  const { view, clock } = viewOf({ maxCameras: 2 });
  await view.publish(frameOf('old'), judgementOf(3, { overlay: jpeg(1) }));
  clock.now += 30_000;
  await view.publish(frameOf('busy'), judgementOf(3));
  await view.publish(frameOf('new'), judgementOf(3));
  t.deepEqual(
    view.snapshot().cameras.map(({ id }) => id),
    ['old', 'busy'],
  );
  const { updates, stop } = follow(view);
  clock.now += 30_000;
  await view.publish(frameOf('new'), judgementOf(3));
  t.deepEqual(
    view.snapshot().cameras.map(({ id }) => id),
    ['busy', 'new'],
  );
  t.deepEqual(
    updates.map(({ forgotten }) => forgotten),
    [['old']],
  );
  t.is(view.picture('old'), undefined);
  stop();
});

test('subscribers hear each point once, in few updates', async (t) => {
  const { view } = viewOf();
  await view.publish(frameOf('a'), judgementOf(1));
  const { updates, stop } = follow(view);
  const before = view.snapshot();
  for (let i = 0; i < 100; i++) await view.publish(frameOf('a'), judgementOf(i / 100));
  await view.publish(frameOf('b', 'x'), judgementOf(50));
  view.snapshot();
  view.snapshot();
  t.is(before.cameras[0].points.length, 1);
  t.is(updates.length, 2, 'what was pending at the snapshot, then the rest');
  const [, { cameras = [], anomalies = [], totals }] = updates;
  t.deepEqual(
    cameras.map(({ id, points }) => [id, points.length]),
    [
      ['a', 100],
      ['b', 1],
    ],
  );
  t.deepEqual(
    anomalies.map(({ id }) => id),
    ['x'],
  );
  t.like(totals, { frames: 102, anomalies: 1 });
  stop();
});

test('updates come by themselves while somebody listens', async (t) => {
  const { view } = viewOf({ updatesPerSecond: 100 });
  const heard = new Promise<LiveUpdate>((resolve) => view.subscribe(resolve));
  await view.publish(frameOf('a'), judgementOf(1));
  t.is((await heard).cameras?.[0].id, 'a');
  await view.close();
});

test('training comes and goes', (t) => {
  const { view } = viewOf();
  const { updates, stop } = follow(view);
  const progress = { step: 1, steps: 10, loss: 0.5, etaSeconds: 3 };
  view.setTraining('steel', progress);
  view.setTraining('tin', progress);
  t.deepEqual(
    view.snapshot().training.map(({ name }) => name),
    ['steel', 'tin'],
  );
  view.setTraining('steel', undefined);
  view.snapshot();
  t.deepEqual(updates.at(-1)?.training, [{ name: 'tin', ...progress }]);
  for (let i = 0; i < 100; i++) view.setTraining(`m${i}`, progress);
  t.is(view.snapshot().training.length, 16);
  stop();
});

test('frames a second are those of the last five whole seconds', async (t) => {
  const { view, clock } = viewOf();
  const rate = () => view.snapshot().totals.framesPerSecond;
  for (let i = 0; i < 30; i++) {
    await view.publish(frameOf('a'), judgementOf(1));
    clock.now += 250;
  }
  t.is(rate(), 4);
  clock.now += 2_000;
  t.is(rate(), 14 / 5, 'seconds 4 to 8: three whole ones, half a one, a silent one');
  clock.now += 10_000;
  t.is(rate(), 0);
});

test('ids are bounded and found again by the whole id', async (t) => {
  const { view } = viewOf();
  const [camera, id] = ['c'.repeat(5000), 'f'.repeat(5000)];
  await view.publish(frameOf(camera, id), judgementOf(30, { overlay: jpeg(3) }));
  const { cameras, anomalies } = view.snapshot();
  t.is(cameras[0].id.length, 112);
  t.is(anomalies[0].id.length, 112);
  for (const key of [camera, cameras[0].id]) t.is(view.picture(key)?.byteLength, 3);
  for (const key of [id, anomalies[0].id]) t.is(view.overlay(key)?.byteLength, 3);
});

test('numbers that JSON does not know become null', async (t) => {
  const { view, camera } = viewOf();
  await view.publish(
    frameOf('a'),
    judgementOf(Number.NaN, { threshold: Number.POSITIVE_INFINITY }),
  );
  t.like(camera('a'), { score: null, threshold: null });
});
