import test from 'ava';
import fc from 'fast-check';
import { CommitWindow } from '../../../src/stream/kafka/window.js';

const deliver = (window: CommitWindow, offset: number, stamp = 't') =>
  window.deliver(String(offset), stamp);

test('nothing is committed before the first record is settled', (t) => {
  const window = new CommitWindow();
  t.is(window.position, undefined);
  const first = deliver(window, 5)!;
  deliver(window, 6)!();
  t.is(window.position, undefined);
  first();
  t.is(window.position, '7');
});

test('gaps between offsets are no obstacle', (t) => {
  const window = new CommitWindow();
  const settle = [101, 102, 103, 105, 106].map((offset) => deliver(window, offset)!);
  settle[0]();
  settle[1]();
  settle[3]();
  t.is(window.position, '103');
  settle[2]();
  t.is(window.position, '106');
});

test('a position is reported until the broker knows it, and then no more', (t) => {
  const window = new CommitWindow();
  deliver(window, 0)!();
  t.is(window.position, '1');
  t.is(window.position, '1');
  window.committed('1');
  t.is(window.position, undefined);
  t.is(window.size, 0);
});

test('offsets beyond 2^53 are exact', (t) => {
  const window = new CommitWindow();
  window.deliver('9223372036854775805', 't')!();
  t.is(window.position, '9223372036854775806');
});

test('after a rebalance, records in work are not delivered to the engine again', (t) => {
  const window = new CommitWindow();
  deliver(window, 0)!();
  window.committed('1');
  const inWork = deliver(window, 1)!;
  deliver(window, 2)!(); // done, but not committed
  window.rewind();
  t.is(window.position, undefined, 'the new generation has delivered nothing');
  t.is(deliver(window, 1), undefined);
  t.is(deliver(window, 2), undefined);
  deliver(window, 3)!();
  t.is(window.position, undefined);
  inWork();
  t.is(window.position, '4');
});

test('records that another worker has committed meanwhile are forgotten', (t) => {
  const window = new CommitWindow();
  deliver(window, 0); // never settled here
  deliver(window, 1)!();
  window.rewind();
  deliver(window, 7)!();
  t.is(window.position, '8');
});

test('a record before those in work, delivered again, holds the position back', (t) => {
  const window = new CommitWindow();
  deliver(window, 5)!();
  window.rewind();
  const earlier = deliver(window, 3)!; // the commit of 3 and 4 had failed
  t.is(window.position, undefined);
  earlier();
  t.is(window.position, '4', '5 was not delivered in this generation');
  t.is(deliver(window, 5), undefined);
  t.is(window.position, '6');
});

test('a topic that was made again starts over at the same offsets', (t) => {
  const window = new CommitWindow();
  const old = deliver(window, 0, 'monday')!;
  window.rewind();
  const anew = deliver(window, 0, 'tuesday')!;
  old();
  t.is(window.position, undefined, 'the old record says nothing about the new one');
  anew();
  t.is(window.position, '1');
});

test('property: everything before the position is settled, whatever happens', (t) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver'), skip: fc.nat(2) }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle'), pick: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('commit') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('lostCommit') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('rejoin') }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const window = new CommitWindow();
      const log: number[] = []; // offsets that exist
      const settled = new Set<number>();
      const open = new Map<number, () => void>();
      let next = 0; // index into log of the next record to deliver
      let committed = 0; // as the broker knows it
      for (const s of steps) {
        if (s.kind === 'deliver' && 'skip' in s) {
          if (next === log.length) log.push((log.at(-1) ?? -1) + 1 + s.skip);
          const offset = log[next++];
          const settle = deliver(window, offset);
          if (settle === undefined) t.true(open.has(offset) || settled.has(offset));
          else open.set(offset, settle);
        } else if (s.kind === 'settle' && 'pick' in s && open.size > 0) {
          const [offset, settle] = [...open][s.pick % open.size];
          settle();
          open.delete(offset);
          settled.add(offset);
        } else if (s.kind === 'commit' || s.kind === 'lostCommit') {
          const { position } = window;
          if (position === undefined) continue;
          committed = Number(position);
          if (s.kind === 'commit') window.committed(position);
          for (const offset of log) if (offset < committed) t.true(settled.has(offset));
        } else if (s.kind === 'rejoin') {
          window.rewind();
          next = log.findIndex((offset) => offset >= committed);
          if (next < 0) next = log.length;
        }
      }
      // In the end everything is delivered and settled: nothing may be held back for ever.
      for (; next < log.length; next++) {
        const settle = deliver(window, log[next]);
        if (settle !== undefined) open.set(log[next], settle);
      }
      for (const settle of open.values()) settle();
      const end = window.position ?? String(committed);
      t.is(Number(end), log.length === 0 ? 0 : Math.max(committed, log.at(-1)! + 1));
    }),
    { numRuns: 2000 },
  );
});
