import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { Registry } from 'prom-client';
import { deferred } from '../../src/deferred.js';
import type { LifecycleState } from '../../src/engine/lifecycle.js';
import { ModelSet } from '../../src/engine/models.js';
import { PatchlineError } from '../../src/errors.js';
import type { Frame, Outcome } from '../../src/frame/frame.js';
import { Metrics } from '../../src/observe/metrics.js';
import type { Admit, FrameSource, OutcomeSink } from '../../src/stream/ports.js';
import { defaultCredits, StreamWorker, type WorkerOptions } from '../../src/stream/worker.js';
import { Watch } from '../../src/watch/watch.js';
import { FAKE_BUNDLE, fakeEngine } from '../helpers/fake-engine.js';
import { frameOf } from '../helpers/frames.js';

/** A source of these orders to the fake threads; `endless` repeats them until it is stopped. */
class Orders implements FrameSource {
  readonly name = 'orders';
  readonly settled: Promise<Outcome>[] = [];
  readonly #finished = deferred();
  readonly #orders: readonly string[];
  readonly #endless: boolean;
  #delivering: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(orders: readonly string[], { endless = false } = {}) {
    this.#orders = orders;
    this.#endless = endless;
    this.#finished.promise.catch(() => {});
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async start(admit: Admit): Promise<void> {
    this.#delivering = this.#deliver(admit).then(this.#finished.resolve, this.#finished.reject);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#delivering;
    await Promise.allSettled(this.settled);
  }

  async #deliver(admit: Admit): Promise<void> {
    do {
      for (const order of this.#orders) {
        if (this.#stopped) return;
        const { settled } = await admit(frameOf(`${this.settled.length}`, order));
        this.settled.push(settled);
      }
    } while (this.#endless);
  }
}

class Results implements OutcomeSink {
  readonly name = 'results';
  readonly ids: string[] = [];
  readonly verdicts: Outcome['verdict'][] = [];
  readonly lines: (string | undefined)[] = [];
  closed = 0;
  onPublish: (count: number) => void | Promise<void> = () => {};

  async publish({ id }: Frame, { verdict, standing }: Outcome): Promise<void> {
    await this.onPublish(this.ids.length + 1);
    this.ids.push(id);
    this.verdicts.push(verdict);
    this.lines.push(standing?.line.state);
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

function set(source: FrameSource, options: Partial<WorkerOptions> = {}) {
  const engine = options.engine ?? fakeEngine({ encoderThreads: 2 });
  const states: LifecycleState[] = [];
  engine.lifecycle.onChange((state) => states.push(state));
  const results = new Results();
  const credits = { frames: 8, bytes: 1e6 };
  const worker = new StreamWorker({ engine, source, sinks: [results], credits, ...options });
  const halt = new AbortController();
  return { engine, states, results, worker, halt, run: () => worker.run(halt.signal) };
}

const fine = (count: number): string[] => Array(count).fill('fine');

test('runs to the end of the source: all settled, in order, threads and sinks closed', async (t) => {
  const source = new Orders([...fine(20), 'anomalous', 'bad', ...fine(20)]);
  const { run, results, states } = set(source);
  await run();
  t.deepEqual(results.ids, [...Array(42).keys()].map(String));
  t.deepEqual(results.verdicts.slice(19, 23), ['ok', 'anomalous', 'rejected', 'ok']);
  t.is(results.closed, 1);
  t.deepEqual(states, ['starting', 'running', 'draining', 'stopped']);
});

test('at the natural end the drain takes as long as it takes', async (t) => {
  const { run, results } = set(new Orders(Array(4).fill('encode: 60')), { drainMs: 10 });
  await run();
  t.is(results.ids.length, 4);
});

test('an abort drains: every frame that was let in is settled', async (t) => {
  const source = new Orders(['encode: 3'], { endless: true });
  const { run, results, halt, states } = set(source);
  results.onPublish = (count) => {
    if (count === 10) halt.abort();
  };
  await run();
  await Promise.all(source.settled); // all resolve
  t.is(results.ids.length, source.settled.length);
  t.is(results.closed, 1);
  t.deepEqual(states, ['starting', 'running', 'draining', 'stopped']);
});

test('a hundred frames in flight are drained', async (t) => {
  const source = new Orders(['encode: 1'], { endless: true });
  const set100 = set(source, { credits: { frames: 100, bytes: 1e6 } });
  set100.results.onPublish = () => set100.halt.abort();
  await set100.run();
  t.true(source.settled.length >= 100);
  t.is(set100.results.ids.length, source.settled.length);
});

test('a drain that takes too long: the worker gives up, says how many, and ends everything', async (t) => {
  const source = new Orders(['fine', 'encode: hang', 'fine', 'fine']);
  const { run, engine, results, halt } = set(source, { drainMs: 50 });
  results.onPublish = () => halt.abort();
  await t.throwsAsync(run(), {
    code: 'PL_TIMEOUT',
    message: 'frames that were not settled 50 ms after the stop: 3',
  });
  t.is(engine.lifecycle.state, 'failed');
  t.is(results.closed, 1);
  const settlements = await Promise.allSettled(source.settled);
  t.deepEqual(
    settlements.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected'],
  );
});

test('a sink that hangs holds nothing up for ever', async (t) => {
  const source = new Orders(fine(50));
  const { run, results, halt, engine } = set(source, {
    drainMs: 50,
    credits: { frames: 2, bytes: 1e6 },
  });
  results.onPublish = async () => {
    halt.abort();
    await new Promise(() => {});
  };
  await t.throwsAsync(run(), { code: 'PL_TIMEOUT' });
  t.true(engine.lifecycle.ended);
  await t.throwsAsync(source.finished, { code: 'PL_TIMEOUT' }); // it waited for credits
});

test('a sink that does not close is named, and the others are closed', async (t) => {
  const hanging = new Results();
  hanging.close = () => new Promise(() => {});
  const results = new Results();
  const { run, engine } = set(new Orders(fine(2)), { sinks: [hanging, results] });
  await t.throwsAsync(run(), { code: 'PL_TIMEOUT', message: /^results was not closed/ });
  t.is(results.closed, 1);
  t.is(engine.lifecycle.state, 'stopped');
});

test('a sink that fails ends the worker with its error', async (t) => {
  const source = new Orders(['fine'], { endless: true });
  const { run, results, engine } = set(source);
  results.onPublish = (count) => {
    if (count === 5) throw new PatchlineError('PL_SINK', 'the disk is full');
  };
  await t.throwsAsync(run(), { code: 'PL_SINK', message: 'the disk is full' });
  t.is(results.ids.length, 4);
  t.is(results.closed, 1);
  t.is(engine.lifecycle.state, 'stopped');
});

test('an engine that fails ends the worker, also while the source waits for credits', async (t) => {
  const source = new Orders(Array(40).fill('encode: throw'));
  const { run, results } = set(source, { credits: { frames: 2, bytes: 1e6 } });
  await t.throwsAsync(run(), { code: 'PL_BACKEND', message: /5 times in a row/ });
  t.true(results.verdicts.length <= 5);
  await t.throwsAsync(source.finished, { code: 'PL_BACKEND' });
});

test('an engine that fails while nothing is in flight ends the worker', async (t) => {
  const idle = sourceOf({});
  const { run, engine } = set(idle);
  const running = t.throwsAsync(run(), { code: 'PL_BACKEND', message: 'out of the blue' });
  engine.lifecycle.onChange((state) => {
    if (state !== 'running') return;
    setImmediate(() => engine.lifecycle.fail(new PatchlineError('PL_BACKEND', 'out of the blue')));
  });
  await running;
  t.is(idle.stops, 1);
});

/** A source that does nothing, but for what is overridden. */
function sourceOf(parts: Partial<FrameSource>) {
  const source = {
    name: 'nothing',
    stops: 0,
    finished: new Promise<void>(() => {}),
    start: async (_: Admit): Promise<void> => {},
    stop: async () => {
      source.stops++;
    },
    ...parts,
  };
  return source;
}

test('a source that does not start ends the worker with its error', async (t) => {
  const source = sourceOf({
    start: async () => {
      throw new Error('no such folder');
    },
  });
  const { run, engine, results } = set(source);
  await t.throwsAsync(run(), { code: 'PL_SOURCE', message: 'no such folder' });
  t.deepEqual([source.stops, results.closed], [1, 1]);
  t.is(engine.lifecycle.state, 'stopped');
});

test('a source that dies ends the worker with its error, after a drain', async (t) => {
  const died = deferred();
  const settled: Promise<Outcome>[] = [];
  const source = sourceOf({
    finished: died.promise,
    start: async (admit) => {
      for (const order of ['encode: 30', 'fine']) {
        settled.push((await admit(frameOf(order, order))).settled);
      }
      died.reject(new PatchlineError('PL_KAFKA', 'the broker is gone'));
    },
    stop: async () => {
      await Promise.allSettled(settled);
    },
  });
  const { run, engine } = set(source);
  await t.throwsAsync(run(), { code: 'PL_KAFKA' });
  const statuses = await Promise.allSettled(settled);
  t.is(statuses.length, 2);
  t.is(engine.lifecycle.state, 'stopped');
});

test('an engine that does not start ends the worker with its error, sinks closed', async (t) => {
  const source = sourceOf({});
  const engine = fakeEngine({}, { encode: new URL('./no-such-module.js', import.meta.url) });
  const { run, results } = set(source, { engine });
  await t.throwsAsync(run(), { code: 'PL_BACKEND' });
  t.deepEqual([source.stops, results.closed], [1, 1]);
});

test('an abort during the start ends it at once', async (t) => {
  const source = sourceOf({});
  const { run, halt, engine, states } = set(source);
  engine.lifecycle.onChange((state) => state === 'starting' && queueMicrotask(() => halt.abort()));
  await run();
  t.deepEqual(states, ['starting', 'draining', 'stopped']);
});

test('an abort while the source connects ends it', async (t) => {
  const source = sourceOf({ start: () => new Promise(() => {}) });
  const { run, halt, worker, engine } = set(source);
  engine.lifecycle.onChange((state) => state === 'running' && setImmediate(() => halt.abort()));
  await run();
  t.is(source.stops, 1);
  t.false(worker.health.ready);
});

test('a signal that has aborted before: nothing is delivered', async (t) => {
  const source = new Orders(fine(3));
  const { run, halt, results } = set(source);
  halt.abort();
  await run();
  t.deepEqual(results.ids, []);
});

test('a worker runs once', async (t) => {
  const { run } = set(new Orders(fine(1)));
  const first = run();
  await t.throwsAsync(run(), { code: 'PL_STATE' });
  await first;
  await t.throwsAsync(run(), { code: 'PL_STATE' });
});

test('health tells each state', async (t) => {
  const connecting = deferred();
  const end = deferred();
  const source = sourceOf({ start: () => connecting.promise, finished: end.promise });
  const stopping = deferred();
  source.stop = () => stopping.promise;
  const { worker, run, engine } = set(source);
  t.deepEqual(worker.health, {
    live: true,
    ready: false,
    state: 'idle',
    reasons: ['the worker is idle'],
  });
  const running = run();
  t.like(worker.health, { live: true, ready: false, reasons: ['the worker is starting'] });
  await until(() => engine.lifecycle.state === 'running');
  t.like(worker.health, { live: true, ready: false, reasons: ['connecting to nothing'] });
  connecting.resolve();
  await until(() => worker.health.ready);
  t.deepEqual(worker.health, { live: true, ready: true, state: 'running', reasons: [] });
  end.resolve();
  await until(() => !worker.health.ready);
  t.like(worker.health, { live: true, state: 'draining', reasons: ['the worker is draining'] });
  stopping.resolve();
  await running;
  t.like(worker.health, { live: true, ready: false, state: 'stopped' });
});

test('health tells of a failure', async (t) => {
  const { worker, run, results } = set(new Orders(fine(3)));
  results.onPublish = () => {
    throw new PatchlineError('PL_SINK', 'the disk is full');
  };
  await t.throwsAsync(run());
  t.like(worker.health, { live: false, ready: false, reasons: ['the disk is full'] });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

test('metrics follow the frames', async (t) => {
  const metrics = new Metrics(new Registry(), { nodeMetrics: false });
  const { run } = set(new Orders(['fine', 'anomalous', 'bad']), { metrics });
  await run();
  const text = await metrics.registry.metrics();
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  for (const line of [
    'patchline_frames_total{camera="cam",outcome="ok"} 1',
    'patchline_frames_total{camera="cam",outcome="anomalous"} 1',
    'patchline_frames_total{camera="cam",outcome="rejected"} 1',
    'patchline_in_flight_frames 0',
    'patchline_credits_frames 8',
    'patchline_encoder_tensors 20',
    'patchline_up_state{state="stopped"} 1',
    'patchline_stage_duration_seconds_count{stage="publish"} 3',
  ]) {
    t.true(lines.includes(line), line);
  }
});

test('with a watch, each outcome and the metrics tell where the line stands', async (t) => {
  const metrics = new Metrics(new Registry(), { nodeMetrics: false });
  const models = ModelSet.single(FAKE_BUNDLE);
  const watch = new Watch({ models, alarmAfter: { anomalous: 2, of: 3 } });
  const orders = ['fine', 'anomalous', 'bad', 'anomalous', 'fine', 'fine', 'fine', 'anomalous'];
  const { run, results } = set(new Orders(orders), { metrics, watch });
  await run();
  const states = ['ok', 'warning', 'warning', 'alarm', 'alarm', 'alarm', 'ok', 'warning'];
  t.deepEqual(results.lines, states);
  const text = (await metrics.registry.metrics()).split('\n');
  t.true(text.includes('patchline_line_state{camera="cam",state="warning"} 1'));
  t.true(text.includes('patchline_line_alarms_total{camera="cam"} 1'));
  const { alpha } = FAKE_BUNDLE.manifest.calibration;
  t.true(text.includes(`patchline_calibrated_false_alarm_ratio{camera="cam"} ${alpha}`));
});

test('the default credits keep every thread busy', (t) => {
  t.deepEqual(defaultCredits(5), { frames: 12, bytes: 2 ** 28 });
});
