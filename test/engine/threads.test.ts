import { setFlagsFromString } from 'node:v8';
import test, { type ExecutionContext } from 'ava';
import { deferred } from '../../src/deferred.js';
import { buffersOf } from '../../src/engine/reply.js';
import { Threads } from '../../src/engine/threads.js';
import type { PatchlineError } from '../../src/errors.js';
import type { TroubleData } from './threads/trouble.js';

const file = new URL('./threads/trouble.js', import.meta.url);

interface Trouble {
  readonly threads: Threads<typeof import('./threads/trouble.js')>;
  readonly deaths: PatchlineError[];
  readonly broken: PatchlineError[];
  readonly firstDeath: Promise<void>;
  readonly firstBroken: Promise<void>;
}

function start(t: ExecutionContext, count = 1, data?: TroubleData): Trouble {
  const deaths: PatchlineError[] = [];
  const broken: PatchlineError[] = [];
  const death = deferred();
  const breaking = deferred();
  const threads: Trouble['threads'] = new Threads({
    name: 'trying',
    file,
    count,
    data,
    onDeath: (error) => {
      deaths.push(error);
      death.resolve();
    },
    onBroken: (error) => {
      broken.push(error);
      breaking.resolve();
    },
  });
  t.teardown(() => threads.close());
  return { threads, deaths, broken, firstDeath: death.promise, firstBroken: breaking.promise };
}

const shared = (values: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * values));

test.serial('a task whose thread runs out of memory is answered', async (t) => {
  setFlagsFromString('--max-old-space-size=64'); // for threads that start from now on
  const { threads } = start(t);
  await t.throwsAsync(threads.run('devour', undefined, []), {
    code: 'PL_BACKEND',
    message: /memory/,
  });
  setFlagsFromString('--max-old-space-size=0');
  t.deepEqual(await threads.run('echo', Uint8Array.of(7), []), Uint8Array.of(7));
});

test('arrays move there and back', async (t) => {
  const { threads } = start(t);
  const array = Uint8Array.of(1, 2, 3);
  const back = await threads.run('echo', array, buffersOf([array]));
  t.is(array.byteLength, 0);
  t.deepEqual(back, Uint8Array.of(1, 2, 3));
});

test('threads have the environment of the process and not a copy: native libraries read it', async (t) => {
  const { threads } = start(t);
  await threads.run('settle', 'PATCHLINE_TEST_THREAD', []);
  t.is(process.env.PATCHLINE_TEST_THREAD, 'set by a thread');
});

test('an error keeps its code, disposition and hint', async (t) => {
  const { threads } = start(t);
  await t.throwsAsync(threads.run('refuse', 'frame 7', []), {
    name: 'PatchlineError',
    code: 'PL_IMAGE_SIZE',
    message: 'frame 7 is too wide',
  });
  const error = await threads.run('refuse', 'frame 8', []).catch((e: PatchlineError) => e);
  t.like(error, { disposition: 'reject', hint: 'crop it' });
});

test('an error that is not ours, and could not be cloned, is PL_BACKEND', async (t) => {
  const { threads, deaths } = start(t);
  const expected = { code: 'PL_BACKEND', message: 'not a function' } as const;
  await t.throwsAsync(threads.run('stumble', undefined, []), expected);
  t.deepEqual(deaths, []);
});

test('a task whose thread exits is answered, and another thread goes on', async (t) => {
  const { threads, broken } = start(t);
  const dying = threads.run('exit', 3, []);
  const next = threads.run('echo', Uint8Array.of(5), []);
  await t.throwsAsync(dying, {
    code: 'PL_BACKEND',
    message: /one of the trying threads died: .*code: 3/,
  });
  t.deepEqual(await next, Uint8Array.of(5));
  t.deepEqual(broken, []);
});

test('a task whose thread throws outside of it is answered', async (t) => {
  const { threads } = start(t);
  await t.throwsAsync(threads.run('burst', 'out of nowhere', []), {
    code: 'PL_BACKEND',
    message: 'one of the trying threads died: out of nowhere',
  });
  t.deepEqual(await threads.run('echo', Uint8Array.of(6), []), Uint8Array.of(6));
});

test('a thread that dies between two tasks is told of and replaced', async (t) => {
  const { threads, deaths, broken, firstDeath } = start(t);
  await threads.run('burstLater', 'late', []);
  await firstDeath;
  t.deepEqual(
    deaths.map(({ code, message }) => ({ code, message })),
    [{ code: 'PL_BACKEND', message: 'one of the trying threads died: late' }],
  );
  t.deepEqual(await threads.run('echo', Uint8Array.of(8), []), Uint8Array.of(8));
  t.deepEqual(broken, []);
});

for (const then of ['throw', 'exit'] as const) {
  test(`threads that ${then} when they start are broken; tasks that wait are answered`, async (t) => {
    const { threads, broken, firstBroken } = start(t, 1, { loads: shared(1), then });
    const first = threads.run('echo', Uint8Array.of(1), []).catch((e: PatchlineError) => e);
    const second = threads.run('echo', Uint8Array.of(2), []).catch((e: PatchlineError) => e);
    await firstBroken;
    t.is(broken[0].code, 'PL_BACKEND');
    t.regex(broken[0].message, /trying threads die when they start: (no back end|.*code: 3)/);
    await threads.close();
    t.like(await first, { code: 'PL_BACKEND' });
    t.like(await second, { code: 'PL_STATE' });
  });

  test(`threads that ${then} when they are to replace one are broken`, async (t) => {
    const loads = shared(1);
    loads[0] = 1;
    const { threads, broken, firstBroken } = start(t, 1, { loads, then });
    const echoed = await threads.run('echo', Uint8Array.of(1), []);
    t.deepEqual(echoed, Uint8Array.of(1));
    await t.throwsAsync(threads.run('exit', 3, []), { code: 'PL_BACKEND' });
    await firstBroken;
    t.is(broken.length, 1);
  });
}

test('what a module throws when it loads comes with its code and hint', async (t) => {
  const { threads } = start(t, 1, { loads: shared(1) });
  const error = await threads.run('echo', new Uint8Array(), []).catch((e: PatchlineError) => e);
  t.like(error, {
    code: 'PL_BACKEND',
    message: 'one of the trying threads died: no back end',
    hint: 'install one',
  });
});

test('closing ends threads that are stuck, and answers their tasks', async (t) => {
  const { threads, deaths, broken } = start(t, 2);
  const stuck = threads.run('spin', undefined, []);
  const waiting = [1, 2, 3].map((n) => threads.run('echo', Uint8Array.of(n), []));
  await Promise.all(waiting); // by the other thread
  const late = threads.run('spin', undefined, []);
  const queued = threads.run('echo', Uint8Array.of(4), []);
  const all = Promise.allSettled([stuck, late, queued]);
  await threads.close();
  for (const result of await all)
    t.like(result, { status: 'rejected', reason: { code: 'PL_STATE' } });
  t.deepEqual(threads.ids, []);
  t.deepEqual([deaths, broken], [[], []]);
});

test('closing is idempotent; afterwards no thread starts again', async (t) => {
  const { threads } = start(t);
  await Promise.all([threads.close(), threads.close()]);
  await t.throwsAsync(threads.run('echo', new Uint8Array(), []), { code: 'PL_STATE' });
  t.deepEqual(threads.ids, []);
});

test('tasks that wait run in the order in which they came', async (t) => {
  const { threads } = start(t);
  const count = shared(1);
  const tasks = Array.from({ length: 12 }, () => threads.run('next', count, []));
  t.deepEqual(await Promise.all(tasks), [...tasks.keys()]);
});
