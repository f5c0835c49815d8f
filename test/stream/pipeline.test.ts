import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { type Deferred, deferred } from '../../src/deferred.js';
import { PatchlineError } from '../../src/errors.js';
import type { Frame, Outcome } from '../../src/frame/frame.js';
import { Pipeline, type PipelineObserver } from '../../src/stream/pipeline.js';
import type { OutcomeSink, Ticket } from '../../src/stream/ports.js';
import { frameOf } from '../helpers/frames.js';

/** Any outcome will do: the pipeline does not look into it. */
const outcomeOf = (id: string): Outcome => ({ verdict: 'rejected', code: 'PL_TEST', message: id });

/** A judge and a sink whose work is done when the test says so. */
class Bench {
  readonly judging = new Map<string, Deferred<Outcome>>();
  readonly publishing = new Map<string, Deferred<void>>();
  readonly published: string[] = [];
  readonly failures: PatchlineError[] = [];
  readonly pipeline: Pipeline;

  constructor({
    frames = 100,
    sinks = [],
    observer = {},
  }: { frames?: number; sinks?: OutcomeSink[]; observer?: PipelineObserver } = {}) {
    const judge = ({ id }: Frame) => waitIn(this.judging, id);
    const sink: OutcomeSink = {
      name: 'bench',
      publish: (frame, outcome) => {
        if (outcome.verdict !== 'rejected' || outcome.message !== frame.id)
          throw new Error('mixed');
        this.published.push(frame.id);
        return waitIn(this.publishing, frame.id);
      },
      close: async () => {},
    };
    const limit = { frames, bytes: 1e6 };
    const onFailure = (error: PatchlineError) => this.failures.push(error);
    this.pipeline = new Pipeline({ judge }, [sink, ...sinks], limit, onFailure, observer);
  }

  async judged(...ids: string[]): Promise<void> {
    for (const id of ids) this.judging.get(id)?.resolve(outcomeOf(id));
    await turn();
  }

  async acknowledge(...ids: string[]): Promise<void> {
    for (const id of ids) this.publishing.get(id)?.resolve();
    await turn();
  }
}

function waitIn<T>(waiting: Map<string, Deferred<T>>, id: string): Promise<T> {
  const work = deferred<T>();
  waiting.set(id, work);
  return work.promise;
}

function inPartition(id: string, partition: number, topic = 'frames'): Frame {
  return frameOf(id, '', { camera: id, origin: { topic, partition, offset: id } });
}

async function isSettled({ settled }: Ticket): Promise<boolean> {
  return Promise.race([settled.then(() => true), turn(false)]);
}

test('frames of a camera are published in order, others pass them', async (t) => {
  const bench = new Bench();
  const { admit } = bench.pipeline;
  for (const id of ['a1', 'a2', 'b1']) await admit(frameOf(id, '', { camera: id[0] }));
  await bench.judged('a2', 'b1');
  t.deepEqual(bench.published, ['b1']);
  await bench.judged('a1');
  t.deepEqual(bench.published, ['b1', 'a1', 'a2']);
});

test('a frame does not wait for those before it to be acknowledged, and is settled by itself', async (t) => {
  const bench = new Bench();
  const [a, b] = [
    await bench.pipeline.admit(frameOf('a')),
    await bench.pipeline.admit(frameOf('b')),
  ];
  await bench.judged('a', 'b');
  t.deepEqual(bench.published, ['a', 'b']);
  await bench.acknowledge('b');
  t.deepEqual([await isSettled(a), await isSettled(b)], [false, true]);
});

test('where there are partitions, they give the order', async (t) => {
  const bench = new Bench();
  const { admit } = bench.pipeline;
  for (const frame of [inPartition('x1', 0), inPartition('x2', 0)]) await admit(frame);
  for (const frame of [inPartition('y', 1), inPartition('z', 0, 'other')]) await admit(frame);
  await bench.judged('x2', 'y', 'z');
  t.deepEqual(bench.published, ['y', 'z']);
});

test('each frame has its turn once, in the order of its camera and not of its judgement', async (t) => {
  const turns: string[] = [];
  const seen: Outcome[] = [];
  const sink: OutcomeSink = {
    name: 'second',
    publish: async (_, outcome) => void seen.push(outcome),
    close: async () => {},
  };
  const standing = { line: { state: 'ok', before: 'ok', anomalous: 0, of: 1 } } as const;
  const bench = new Bench({
    sinks: [sink],
    observer: {
      turn: ({ id }, outcome) => {
        turns.push(id);
        return { ...outcome, standing };
      },
    },
  });
  for (const id of ['a1', 'a2', 'b1', 'b2']) {
    await bench.pipeline.admit(frameOf(id, '', { camera: id[0] }));
  }
  await bench.judged('a2', 'b2', 'b1');
  await bench.acknowledge('b1');
  await bench.judged('a1');
  await bench.acknowledge('a1');
  t.deepEqual(turns, ['b1', 'b2', 'a1', 'a2']);
  t.deepEqual(seen[0], { ...outcomeOf('b1'), standing });
});

test('a frame behind one that was not published has no turn', async (t) => {
  const turns: string[] = [];
  const turn = ({ id }: Frame, outcome: Outcome) => {
    turns.push(id);
    return outcome;
  };
  const bench = new Bench({ observer: { turn } });
  for (const id of ['a', 'b']) await bench.pipeline.admit(frameOf(id));
  await bench.judged('a');
  bench.publishing.get('a')?.reject(new PatchlineError('PL_SINK', 'full'));
  await bench.judged('b');
  t.deepEqual(turns, ['a']);
});

test('a frame is settled when every sink has acknowledged it', async (t) => {
  const second = new Map<string, Deferred<void>>();
  const other: OutcomeSink = {
    name: 'second',
    publish: ({ id }) => waitIn(second, id),
    close: async () => {},
  };
  const settlements: string[] = [];
  const bench = new Bench({
    sinks: [other],
    observer: {
      settled: ({ id }, outcome, ms) => settlements.push(`${id} ${outcome.verdict} ${ms >= 0}`),
    },
  });
  const ticket = await bench.pipeline.admit(frameOf('a'));
  await bench.judged('a');
  await bench.acknowledge('a');
  t.false(await isSettled(ticket));
  t.is(bench.pipeline.credits.inFlight.frames, 1);
  second.get('a')?.resolve();
  t.deepEqual(await ticket.settled, outcomeOf('a'));
  t.deepEqual(settlements, ['a rejected true']);
  t.deepEqual(bench.pipeline.credits.inFlight, { frames: 0, bytes: 0 });
});

test('a slow sink holds the source back', async (t) => {
  const loads: number[] = [];
  const bench = new Bench({ frames: 2, observer: { load: ({ frames }) => loads.push(frames) } });
  const tickets: Ticket[] = [];
  const source = (async () => {
    for (const id of ['a', 'b', 'c']) tickets.push(await bench.pipeline.admit(frameOf(id)));
  })();
  await turn();
  await bench.judged('a', 'b');
  t.is(tickets.length, 2);
  await bench.acknowledge('a');
  await source;
  t.deepEqual(loads, [1, 2, 2, 2]); // what a gives back, c takes
});

test('a sink that fails fails its frame, those behind it and those that come, once told', async (t) => {
  const bench = new Bench({ frames: 4 });
  const { admit } = bench.pipeline;
  const tickets: Ticket[] = [];
  for (const id of ['a', 'b', 'c']) tickets.push(await admit(frameOf(id)));
  tickets.push(await admit(frameOf('d', '', { camera: 'other' })));
  const waiting = admit(frameOf('e'));
  await bench.judged('a', 'd');
  bench.publishing.get('a')?.reject(new Error('disk full'));
  const failure = { code: 'PL_SINK', message: 'disk full' } as const;
  await t.throwsAsync(tickets[0].settled, failure);
  await bench.judged('b');
  await t.throwsAsync(tickets[1].settled, failure);
  await t.throwsAsync(waiting, failure);
  await t.throwsAsync(admit(frameOf('f')), failure);
  t.false(await isSettled(tickets[2])); // still in the engine
  await bench.judged('c');
  await t.throwsAsync(tickets[2].settled, failure);
  await bench.acknowledge('d'); // was with the sink already
  t.deepEqual(await tickets[3].settled, outcomeOf('d'));
  t.deepEqual(bench.published, ['a', 'd']);
  t.is(bench.failures.length, 1);
  t.like(bench.pipeline.failure, failure);
  t.deepEqual(bench.pipeline.credits.inFlight, { frames: 0, bytes: 0 });
});

test('a sink that throws instead of rejecting fails the same way', async (t) => {
  const throwing: OutcomeSink = {
    name: 'throwing',
    publish: () => {
      throw new PatchlineError('PL_KAFKA', 'gone');
    },
    close: async () => {},
  };
  const bench = new Bench({ sinks: [throwing] });
  const { settled } = await bench.pipeline.admit(frameOf('a'));
  await bench.judged('a');
  await t.throwsAsync(settled, { code: 'PL_KAFKA' });
  t.is(bench.failures.length, 1);
});

test('when the engine fails, a frame does not pass one that was judged before it', async (t) => {
  const bench = new Bench();
  const { admit } = bench.pipeline;
  const tickets: Ticket[] = [];
  for (const id of ['a', 'b', 'c']) tickets.push(await admit(frameOf(id)));
  await bench.judged('a', 'c'); // a is with the sink, c behind b
  bench.judging.get('b')?.reject(new PatchlineError('PL_BACKEND', 'broken'));
  await t.throwsAsync(tickets[1].settled, { code: 'PL_BACKEND' });
  await t.throwsAsync(tickets[2].settled, { code: 'PL_BACKEND' });
  await bench.acknowledge('a');
  t.deepEqual(await tickets[0].settled, outcomeOf('a'));
  t.deepEqual(bench.published, ['a']);
});

test('failing from outside: the first failure counts', async (t) => {
  const bench = new Bench();
  const ticket = await bench.pipeline.admit(frameOf('a'));
  bench.pipeline.fail(new PatchlineError('PL_TIMEOUT', 'too late'));
  bench.pipeline.fail(new PatchlineError('PL_SINK', 'later still'));
  await bench.judged('a');
  await t.throwsAsync(ticket.settled, { code: 'PL_TIMEOUT' });
  t.deepEqual(
    bench.failures.map(({ code }) => code),
    ['PL_TIMEOUT'],
  );
});

test('whatever is done first, each camera is in order, all is published, nothing exceeds the credits', async (t) => {
  const scenario = fc.record({
    cameras: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 25 }),
    partitioned: fc.boolean(),
    frames: fc.integer({ min: 1, max: 6 }),
    pick: fc.infiniteStream(fc.nat()),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ cameras, partitioned, frames, pick }) => {
      const bench = new Bench({ frames });
      let settled = 0;
      const source = (async () => {
        for (const [n, camera] of cameras.entries()) {
          const id = `${camera}:${n}`;
          const frame = partitioned
            ? inPartition(id, camera)
            : frameOf(id, '', { camera: `${camera}` });
          const ticket = await bench.pipeline.admit(frame);
          t.true(bench.pipeline.credits.inFlight.frames <= frames);
          void ticket.settled.then(() => settled++);
        }
      })();
      while (settled < cameras.length) {
        await turn();
        const work = [
          ...[...bench.judging.keys()].map((id) => () => {
            bench.judging.get(id)?.resolve(outcomeOf(id));
            bench.judging.delete(id);
          }),
          ...[...bench.publishing.keys()].map((id) => () => {
            bench.publishing.get(id)?.resolve();
            bench.publishing.delete(id);
          }),
        ];
        if (work.length === 0) continue;
        work[(pick.next().value as number) % work.length]();
      }
      await source;
      t.is(new Set(bench.published).size, cameras.length);
      for (const camera of new Set(cameras)) {
        const numbers = bench.published
          .map((id) => id.split(':').map(Number))
          .filter(([of]) => of === camera)
          .map(([, n]) => n);
        t.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
        );
      }
    }),
    { numRuns: 60 },
  );
});
