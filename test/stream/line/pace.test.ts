import test from 'ava';
import fc from 'fast-check';
import { Pace } from '../../../src/stream/line/pace.js';

test('frames are due one period apart', (t) => {
  const pace = new Pace(100, 1000);
  t.is(pace.wait(950), 50);
  t.is(pace.wait(1000), 0);
  pace.sent(1000);
  t.is(pace.wait(1000), 100);
});

test('late timers do not add up', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 99, noNaN: true }), { maxLength: 50 }),
      (late) => {
        const pace = new Pace(100, 0);
        for (const [k, lateness] of late.entries()) pace.sent(100 * k + lateness);
        return pace.wait(0) === 100 * late.length;
      },
    ),
  );
  t.pass();
});

test('a camera held back for long sends no burst afterwards', (t) => {
  const pace = new Pace(100, 0);
  pace.sent(5000); // 50 periods late
  t.is(pace.wait(5000), 0);
  pace.sent(5000);
  t.is(pace.wait(5000), 100);
});
