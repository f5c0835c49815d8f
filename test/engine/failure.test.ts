import test, { type ExecutionContext } from 'ava';
import type { Engine, EngineOptions } from '../../src/engine/engine.js';
import type { LifecycleState } from '../../src/engine/lifecycle.js';
import { fakeEngine } from '../helpers/fake-engine.js';
import { frameOf } from '../helpers/frames.js';

const troubled = new URL('./threads/trouble.js', import.meta.url);

async function started(t: ExecutionContext, engine = fakeEngine()): Promise<Engine> {
  t.teardown(() => engine.stop(0).catch(() => {}));
  await engine.start();
  return engine;
}

function statesOf(engine: Engine): LifecycleState[] {
  const states: LifecycleState[] = [engine.lifecycle.state];
  engine.lifecycle.onChange((state) => states.push(state));
  return states;
}

const judge = (engine: Engine, order: string) => engine.judge(frameOf(order, order));

for (const stage of ['decode', 'encode', 'overlay']) {
  const map: Partial<EngineOptions> = { overlay: () => 'always' };

  test(`a frame on which ${stage} throws is rejected; the next one is fine`, async (t) => {
    const engine = await started(t, fakeEngine(map));
    const outcome = await judge(engine, `${stage}: throw`);
    const message = `${stage} threw (camera cam)`;
    t.deepEqual(outcome, { verdict: 'rejected', code: 'PL_BACKEND', message });
    t.like(await judge(engine, 'fine'), { verdict: 'ok' });
    t.is(engine.lifecycle.state, 'running');
  });

  test(`a frame that ends its ${stage} thread is rejected; the next one is fine`, async (t) => {
    const engine = await started(t, fakeEngine(map));
    const [outcome, next] = await Promise.all([
      judge(engine, `${stage}: exit`),
      judge(engine, 'fine'),
    ]);
    t.like(outcome, { verdict: 'rejected', code: 'PL_BACKEND' });
    t.like(next, { verdict: 'ok' });
  });
}

for (const order of ['throw', 'exit']) {
  test(`one frame of a batch breaks it (${order}): only that one is rejected`, async (t) => {
    const engine = await started(t, fakeEngine({ backend: 'tensorflow' }));
    // The first goes alone; those that come while it is in work are one batch.
    const orders = ['encode: 200', 'fine', 'anomalous', `encode: ${order}`, 'fine'];
    const outcomes = await Promise.all(orders.map((frame) => judge(engine, frame)));
    t.deepEqual(
      outcomes.map(({ verdict }) => verdict),
      ['ok', 'ok', 'anomalous', 'rejected', 'ok'],
    );
    t.is(engine.failures, 1);
    t.is(engine.lifecycle.state, 'running');
  });
}

test('a GPU that is gone fails the engine', async (t) => {
  const engine = await started(t, fakeEngine({ backend: 'tensorflow' }));
  const outcomes = Array.from({ length: 8 }, () => judge(engine, 'encode: throw'));
  const settled = await Promise.allSettled(outcomes);
  t.true(settled.some(({ status }) => status === 'rejected'));
  t.is(engine.lifecycle.state, 'failed');
});

test('what dead threads held is not counted', async (t) => {
  const engine = await started(t);
  await judge(engine, 'fine');
  t.deepEqual(engine.memory, { bytes: 100, tensors: 10 });
  await judge(engine, 'encode: exit');
  await judge(engine, 'fine');
  t.deepEqual(engine.memory, { bytes: 100, tensors: 10 });
});

test('five failures in a row fail the engine, and all who wait learn of it', async (t) => {
  const engine = await started(t);
  const states = statesOf(engine);
  const orders = ['encode: throw', 'bad', 'encode: throw', 'decode: throw', 'encode: throw'];
  for (const order of orders) t.like(await judge(engine, order), { verdict: 'rejected' });
  const failure = { code: 'PL_BACKEND', message: /failed 5 times in a row: encode threw/ } as const;
  const waiting = ['encode: throw', 'fine', 'fine', 'fine'].map((order) =>
    t.throwsAsync(judge(engine, order), failure),
  );
  await Promise.all(waiting);
  t.deepEqual(states, ['running', 'failed']);
  t.is(engine.failures, 5);
  await t.throwsAsync(judge(engine, 'fine'), failure);
  await engine.stop();
  t.is(engine.lifecycle.state, 'failed');
});

test('a judged frame in between starts the count anew; a bad frame neither counts nor does', async (t) => {
  const engine = await started(t);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) await judge(engine, 'encode: throw');
    for (let i = 0; i < 6; i++) t.like(await judge(engine, 'bad'), { code: 'PL_IMAGE_UNREADABLE' });
    t.like(await judge(engine, 'fine'), { verdict: 'ok' });
  }
  t.is(engine.lifecycle.state, 'running');
  t.is(engine.failures, 12, 'all of them are counted');
});

test('a frame that its source could not read is rejected as the source says', async (t) => {
  const engine = await started(t);
  const problem = { code: 'PL_IMAGE_UNREADABLE', message: 'no width' };
  const outcome = await engine.judge(frameOf('a', 'encode: throw', { problem }));
  t.deepEqual(outcome, { verdict: 'rejected', ...problem });
});

test('a module that does not load fails the start and ends all threads', async (t) => {
  // `encode-thread` is right, but the model has no arrays.
  const encode = new URL('../../src/engine/encode-thread.js', import.meta.url);
  const engine = fakeEngine({ backend: 'cpu' }, { encode });
  const states = statesOf(engine);
  await t.throwsAsync(engine.start(), {
    code: 'PL_BACKEND',
    message: /one of the encoding threads died: .*conv0/,
  });
  t.deepEqual(states, ['idle', 'starting', 'failed']);
  await t.throwsAsync(judge(engine, 'fine'), { code: 'PL_BACKEND' });
  await engine.stop();
});

test('a number of threads that cannot be fails the start', async (t) => {
  const engine = fakeEngine({ encoderThreads: 0 });
  await t.throwsAsync(engine.start(), { code: 'PL_BACKEND', message: /maxThreads/ });
  t.is(engine.lifecycle.state, 'failed');
  await engine.stop();
});

test('a module without the tasks fails the start', async (t) => {
  const engine = fakeEngine({}, { encode: troubled });
  await t.throwsAsync(engine.start(), { code: 'PL_BACKEND' });
  t.is(engine.lifecycle.state, 'failed');
});

test('before the start and after the stop nothing is judged', async (t) => {
  const engine = fakeEngine();
  await t.throwsAsync(judge(engine, 'fine'), { code: 'PL_STATE', message: /the engine is idle/ });
  await engine.start();
  await t.throwsAsync(engine.start(), { code: 'PL_STATE' });
  await engine.stop();
  await t.throwsAsync(judge(engine, 'fine'), { code: 'PL_STATE', message: /is stopped/ });
  await t.throwsAsync(engine.start(), { code: 'PL_STATE' });
  t.is(engine.lifecycle.state, 'stopped');
});

test('stop finishes what is in flight, also what comes while it drains', async (t) => {
  const engine = await started(t);
  const states = statesOf(engine);
  const frames = [1, 2, 3].map(() => judge(engine, 'encode: 20'));
  const stopped = engine.stop();
  frames.push(judge(engine, 'fine'));
  for (const outcome of await Promise.all(frames)) t.like(outcome, { verdict: 'ok' });
  await stopped;
  t.deepEqual(states, ['running', 'draining', 'stopped']);
});

test('every stop is the same stop', async (t) => {
  const engine = await started(t);
  const first = engine.stop();
  t.is(engine.stop(1), first);
  await first;
  t.is(engine.stop(), first);
});

test('an engine that never started stops at once', async (t) => {
  const engine = fakeEngine();
  await engine.stop();
  t.is(engine.lifecycle.state, 'stopped');
});

test('stopped while it starts: the start is aborted, the stop is clean', async (t) => {
  const engine = fakeEngine();
  const states = statesOf(engine);
  const start = t.throwsAsync(engine.start(), { code: 'PL_ABORTED' });
  await Promise.all([engine.stop(), start]);
  t.deepEqual(states, ['idle', 'starting', 'draining', 'stopped']);
});

test('after the deadline stuck threads are ended, and all who wait learn of it', async (t) => {
  const engine = await started(t);
  const late = { code: 'PL_TIMEOUT', message: 'frames in flight 50 ms after the stop: 3' } as const;
  const frames = ['encode: hang', 'fine', 'fine'].map((order) =>
    t.throwsAsync(judge(engine, order), late),
  );
  const stop = engine.stop(50);
  await t.throwsAsync(stop, late);
  await Promise.all(frames);
  t.is(engine.stop(), stop);
  t.is(engine.lifecycle.state, 'failed');
});

test('a failure while it drains ends the stop, not in time but at once', async (t) => {
  const engine = await started(t);
  const frames = Array.from({ length: 6 }, () => judge(engine, 'encode: throw'));
  const results = Promise.allSettled(frames);
  await engine.stop(600_000);
  const outcomes = (await results).map(({ status }) => status);
  t.deepEqual(outcomes.slice(0, 4), Array(4).fill('fulfilled'));
  t.deepEqual(outcomes.slice(4), Array(2).fill('rejected'));
  t.is(engine.lifecycle.state, 'failed');
});
