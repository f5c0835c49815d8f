import test from 'ava';
import fc from 'fast-check';
import { select } from '../../src/localize/selection.js';

test('agrees with sorting, at every place, whatever the order', (t) => {
  const value = fc.integer({ min: -20, max: 20 }); // ties are frequent
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
      const sorted = Float32Array.from(values).sort();
      for (const [k, expected] of sorted.entries()) {
        const given = Float32Array.from(values);
        t.is(select(given, k), expected);
        t.true(given.subarray(0, k).every((lower) => lower <= expected));
        t.true(given.subarray(k).every((higher) => higher >= expected));
        t.deepEqual(given.sort(), sorted, 'nothing is lost');
      }
    }),
    { seed: 8 },
  );
});

test('takes linear time for sorted values, hills, valleys and equals', (t) => {
  const n = 4096;
  const orders: Record<string, (i: number) => number> = {
    rising: (i) => i,
    falling: (i) => -i,
    hill: (i) => -Math.abs(i - n / 2),
    valley: (i) => Math.abs(i - n / 2),
    saw: (i) => i % 64,
    equal: () => 1,
  };
  for (const [name, order] of Object.entries(orders)) {
    const values = Float32Array.from({ length: n }, (_, i) => order(i));
    for (const k of [0, n / 4, n / 2, n - 41, n - 1]) {
      const { watched, reads } = counted(values);
      select(watched, k);
      t.true(reads() < 12 * n, `${name}, ${k}: ${reads()} reads of ${n} values`);
    }
  }
});

/** A copy of the values that counts how often one is read. */
function counted(values: Float32Array): { watched: Float32Array; reads: () => number } {
  let count = 0;
  const watched = new Proxy(values.slice(), {
    get(target, key) {
      count++;
      return Reflect.get(target, key, target);
    },
  });
  return { watched, reads: () => count };
}
