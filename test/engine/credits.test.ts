import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { Credits } from '../../src/engine/credits.js';

/** Acquires, and notes in `admitted` when it is let in. */
function ask(credits: Credits, bytes: number, admitted: number[], id: number) {
  const release = credits.acquire(bytes);
  void release.then(() => admitted.push(id));
  return release;
}

test('frames and bytes are bounded; releasing admits the next', async (t) => {
  const credits = new Credits({ frames: 2, bytes: 100 });
  const admitted: number[] = [];
  const first = await ask(credits, 60, admitted, 0);
  const second = ask(credits, 50, admitted, 1); // 110 bytes: waits
  const third = ask(credits, 10, admitted, 2); // would fit, but is behind
  await turn();
  t.deepEqual(admitted, [0]);
  t.is(credits.waiting, 2);
  t.deepEqual(credits.inFlight, { frames: 1, bytes: 60 });
  first();
  await Promise.all([second, third]);
  t.deepEqual(admitted, [0, 1, 2]);
  t.deepEqual(credits.inFlight, { frames: 2, bytes: 60 });
});

test('giving back twice counts once', async (t) => {
  const credits = new Credits({ frames: 3, bytes: 100 });
  const release = await credits.acquire(10);
  await credits.acquire(20);
  release();
  release();
  t.deepEqual(credits.inFlight, { frames: 1, bytes: 20 });
});

test('a frame larger than all credits is let in alone', async (t) => {
  const credits = new Credits({ frames: 8, bytes: 100 });
  const admitted: number[] = [];
  const small = await ask(credits, 1, admitted, 0);
  const large = ask(credits, 1000, admitted, 1);
  const behind = ask(credits, 1, admitted, 2);
  await turn();
  t.deepEqual(admitted, [0]);
  small();
  const releaseLarge = await large;
  await turn();
  t.deepEqual(admitted, [0, 1]);
  releaseLarge();
  await behind;
  t.deepEqual(credits.inFlight, { frames: 1, bytes: 1 });
});

test('closing refuses who waits and who comes, and lets go of who is in', async (t) => {
  const credits = new Credits({ frames: 1, bytes: 100 });
  const release = await credits.acquire(1);
  const waiting = t.throwsAsync(credits.acquire(1), { message: 'broken' });
  credits.close(new Error('broken'));
  credits.close(new Error('later'));
  await waiting;
  await t.throwsAsync(credits.acquire(1), { message: 'broken' });
  release();
  t.deepEqual(credits.inFlight, { frames: 0, bytes: 0 });
});

test('whatever comes and goes: bounds hold, order is kept, nobody waits for ever', async (t) => {
  const limits = fc.record({
    frames: fc.integer({ min: 1, max: 5 }),
    bytes: fc.integer({ min: 1, max: 100 }),
  });
  const sizes = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 30 });
  const picks = fc.infiniteStream(fc.nat());
  await fc.assert(
    fc.asyncProperty(limits, sizes, picks, async (limit, bytes, pick) => {
      const credits = new Credits(limit);
      const order: number[] = [];
      const held: (() => void)[] = [];
      bytes.forEach((size, id) => {
        void credits.acquire(size).then((release) => {
          order.push(id);
          held.push(release);
          const { inFlight } = credits;
          const alone = inFlight.frames === 1;
          t.true(inFlight.frames <= limit.frames);
          t.true(inFlight.bytes <= limit.bytes || alone);
        });
      });
      while (order.length < bytes.length || held.length > 0) {
        await turn();
        if (held.length === 0) return false; // deadlock
        const next = (pick.next().value as number) % held.length;
        held.splice(next, 1)[0]();
      }
      t.deepEqual(
        order,
        bytes.map((_, id) => id),
      );
      t.deepEqual(credits.inFlight, { frames: 0, bytes: 0 });
      return true;
    }),
    { numRuns: 100 },
  );
});
