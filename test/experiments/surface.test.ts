import test from 'ava';
import { chooseIntruders } from '../../src/experiments/surface.js';

const TEST = Array.from({ length: 60 }, (_, id) => ({ id, good: id < 20 }));

test('intruders are defective, and the stated share of what passes for good', (t) => {
  const chosen = chooseIntruders(TEST, 320, 0.02, 1);
  t.is(chosen.length, 7); // 7 / 327 = 2.1 %
  t.true(chosen.every(({ good }) => !good));
  t.is(new Set(chosen).size, 7);
  t.deepEqual(chooseIntruders(TEST, 320, 0.02, 1), chosen);
  t.notDeepEqual(chooseIntruders(TEST, 320, 0.02, 2), chosen);
});

test('one at least where there shall be some, none where there shall not', (t) => {
  t.is(chooseIntruders(TEST, 10, 0.02, 1).length, 1);
  t.deepEqual(chooseIntruders(TEST, 320, 0, 1), []);
});
