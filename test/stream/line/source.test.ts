import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import type { Frame, Outcome } from '../../../src/frame/frame.js';
import { encodeImage } from '../../../src/stream/line/encode.js';
import { lineFrame } from '../../../src/stream/line/line.js';
import { type LineOptions, LineSource } from '../../../src/stream/line/source.js';
import type { Admit, Ticket } from '../../../src/stream/ports.js';

const OUTCOME: Outcome = { verdict: 'rejected', code: 'PL_TEST', message: '' };
const settled: Ticket = { settled: Promise.resolve(OUTCOME) };

const fast: LineOptions = { surfaces: ['metal', 'carton'], framesPerSecond: 1000, seed: 7 };

/** An engine that takes everything and remembers it. */
function recorder() {
  const frames: Frame[] = [];
  const admit: Admit = async (frame) => {
    frames.push(frame);
    return settled;
  };
  return { frames, admit };
}

function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const done = () => {
    pending = false;
  };
  promise.then(done, done);
  for (let i = 0; i < 10; i++) await turn();
  return pending;
}

test('delivers the frames of each camera in order, as the line draws them', async (t) => {
  const source = new LineSource({ ...fast, limit: 4, defectRate: 0.5, format: 'png' });
  const { frames, admit } = recorder();
  await source.start(admit);
  await source.finished;
  await source.stop();

  t.deepEqual(
    source.cameras.map(({ id }) => id),
    ['metal-1', 'carton-1'],
  );
  for (const { id, surface, seed } of source.cameras) {
    const own = frames.filter(({ camera }) => camera === id);
    t.deepEqual(
      own.map((frame) => frame.id),
      [0, 1, 2, 3].map((index) => `${id}-${index}`),
    );
    for (const [index, frame] of own.entries()) {
      const drawn = lineFrame({ surface, seed, index, defectRate: 0.5 });
      t.is(Buffer.compare(frame.bytes, await encodeImage(drawn.pixels, 'png')), 0);
      t.deepEqual(frame.origin, { topic: 'line', partition: -1, offset: String(index) });
      t.deepEqual(frame.encoding, { kind: 'encoded' });
    }
  }
});

test('two cameras on one kind of surface see different parts', async (t) => {
  const source = new LineSource({ ...fast, surfaces: ['metal', 'metal'], limit: 1 });
  const { frames, admit } = recorder();
  await source.start(admit);
  await source.finished;
  await source.stop();
  t.deepEqual(frames.map(({ id }) => id).sort(), ['metal-1-0', 'metal-2-0']);
  t.not(Buffer.compare(frames[0].bytes, frames[1].bytes), 0);
  t.deepEqual([...frames[0].bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]); // JPEG by default
});

test('a camera that is held back waits, and the others go on', async (t) => {
  const source = new LineSource(fast);
  const gate = deferred<void>();
  const enough = deferred<void>();
  const seen: Record<string, number> = { 'metal-1': 0, 'carton-1': 0 };
  await source.start(async ({ camera }) => {
    seen[camera]++;
    if (camera === 'metal-1') await gate.promise;
    if (seen['carton-1'] === 20) enough.resolve();
    return settled;
  });
  await enough.promise;
  t.is(seen['metal-1'], 1);
  gate.resolve();
  await source.stop();
});

test('stop waits for frames that are not settled, and delivers no more', async (t) => {
  const source = new LineSource(fast);
  const outcome = deferred<Outcome>();
  const first = deferred<void>();
  let admitted = 0;
  await source.start(async () => {
    admitted++;
    first.resolve();
    return { settled: outcome.promise };
  });
  await first.promise;
  t.true(await isPending(source.finished));
  const stopped = source.stop();
  t.is(source.stop(), stopped, 'idempotent');
  await source.finished; // no more frames, though some are still with the engine
  const delivered = admitted;
  t.true(await isPending(stopped));
  outcome.resolve(OUTCOME);
  await stopped;
  t.is(admitted, delivered);
});

test('stop lets a frame that waits for credits in', async (t) => {
  const source = new LineSource({ ...fast, surfaces: ['metal'] });
  const gate = deferred<Ticket>();
  const waiting = deferred<void>();
  await source.start(() => {
    waiting.resolve();
    return gate.promise;
  });
  await waiting.promise;
  const stopped = source.stop();
  t.true(await isPending(stopped));
  gate.resolve(settled);
  await stopped;
  await source.finished;
  t.pass();
});

test('a sink that failed does not stop the line', async (t) => {
  const source = new LineSource({ ...fast, surfaces: ['metal'], limit: 3 });
  let admitted = 0;
  await source.start(async () => {
    admitted++;
    return { settled: Promise.reject(new Error('disk full')) };
  });
  await source.finished;
  await source.stop();
  t.is(admitted, 3);
});

test('an engine that refuses frames ends the line with its reason', async (t) => {
  const source = new LineSource(fast);
  await source.start(() => Promise.reject(new Error('engine stopped')));
  await t.throwsAsync(source.finished, { code: 'PL_SOURCE', message: 'engine stopped' });
  await t.notThrowsAsync(source.stop());
});

test('starts once; stopping before the start is the end of it', async (t) => {
  const source = new LineSource(fast);
  await source.stop();
  await source.finished;
  await t.throwsAsync(source.start(recorder().admit), { code: 'PL_STATE' });
});

test('refuses a rate that is none', (t) => {
  for (const framesPerSecond of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => new LineSource({ ...fast, framesPerSecond }), { code: 'PL_USAGE' });
  }
});
