import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { deferred } from '../../src/deferred.js';
import { Batches, batchesOfSize, batchSizes } from '../../src/engine/batches.js';

/** Batches, two in work at once, whose work ends when it is told to. */
function recorded(frames: number, ageMs: number) {
  const started: { items: readonly number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const batches = new Batches<number, string>(
    async (items) => {
      const { promise, resolve, reject } = deferred();
      started.push({ items, end: resolve, fail: reject });
      await promise;
      return items.map((item) => `done ${item}`);
    },
    { frames, ageMs },
    2,
  );
  const add = (...items: number[]) => items.map((item) => batches.add(item));
  const sizes = () => started.map(({ items }) => items.length);
  return { started, add, sizes };
}

test('the first frame starts at once; while it is in work, the next ones gather', async (t) => {
  const { started, add, sizes } = recorded(4, 60_000);
  const results = add(1, 2, 3, 4);
  t.deepEqual(sizes(), [1]);
  results.push(...add(5)); // four wait: a full batch, and the second in work
  t.deepEqual(sizes(), [1, 4]);
  started[0].end();
  started[1].end();
  t.deepEqual(await Promise.all(results), ['done 1', 'done 2', 'done 3', 'done 4', 'done 5']);
});

test('at most two are in work; the next starts when one ends, of what waits by then', async (t) => {
  const { started, add, sizes } = recorded(2, 60_000);
  void Promise.all(add(1, 2, 3, 4, 5, 6));
  t.deepEqual(sizes(), [1, 2]);
  started[0].end();
  await sleep(0);
  t.deepEqual(
    started.map(({ items }) => items),
    [[1], [2, 3], [4, 5]],
  );
});

test('a frame waits no longer than its age beside one batch in work', async (t) => {
  const { add, sizes } = recorded(32, 20);
  void Promise.all(add(1, 2, 3));
  t.deepEqual(sizes(), [1]);
  while (sizes().length < 2) await sleep(5); // the test's own time limit is the bound
  t.deepEqual(sizes(), [1, 2]);
});

test('sizes are powers of two', async (t) => {
  const { started, add, sizes } = recorded(8, 60_000);
  void Promise.all(add(...Array.from({ length: 9 }, (_, i) => i)));
  t.deepEqual(sizes(), [1, 8]);
  void Promise.all(add(9, 10, 11, 12, 13, 14, 15));
  started[0].end();
  started[1].end();
  await sleep(0);
  t.deepEqual(sizes().slice(2), [4]); // of seven
  started[2].end();
  await sleep(0);
  t.deepEqual(sizes().slice(2), [4, 2]); // and of three
});

test('what breaks a batch is told to each of its frames, and the next ones go on', async (t) => {
  const { started, add } = recorded(2, 60_000);
  const [first, second, third] = add(1, 2, 3);
  started[1].fail(new Error('lost device'));
  await t.throwsAsync(second, { message: 'lost device' });
  await t.throwsAsync(third, { message: 'lost device' });
  started[0].end();
  t.is(await first, 'done 1');
  const [fourth] = add(4);
  started[2].end();
  t.is(await fourth, 'done 4');
});

test('batches of large frames are smaller', (t) => {
  const options = { frames: 32, ageMs: 5 };
  t.is(batchesOfSize({ width: 256, height: 256 }, options).frames, 32);
  t.is(batchesOfSize({ width: 1024, height: 1024 }, options).frames, 4);
  t.is(batchesOfSize({ width: 4096, height: 3072 }, options).frames, 1);
  t.is(batchesOfSize({ width: 256, height: 256 }, { frames: 24, ageMs: 5 }).frames, 16);
  t.deepEqual(batchSizes(8), [1, 2, 4, 8]);
  t.deepEqual(batchSizes(1), [1]);
});
