import test from 'ava';
import fc from 'fast-check';
import { boundedId } from '../../src/observe/ids.js';

test('an ordinary id stays as it is', (t) => {
  for (const id of ['cam-1', 'frames-0-1234567', 'Halle 7 / Linie 3', '<b>', '検査 2', '']) {
    t.is(boundedId(id), id);
  }
});

test('long ids are short and still different', (t) => {
  const long = 'x'.repeat(500);
  t.is(boundedId(`${long}a`).length, 112);
  t.not(boundedId(`${long}a`), boundedId(`${long}b`));
  t.true(boundedId(long).startsWith('xxxx'));
});

test('control characters are replaced', (t) => {
  t.is(boundedId('cam\u0000-\n\u001b[2J\u009b1'), 'cam\ufffd-\ufffd\ufffd[2J\ufffd1');
});

test('any id becomes printable, bounded and its own bound', (t) => {
  const anyString = fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)),
    maxLength: 300,
  });
  fc.assert(
    fc.property(anyString, (id) => {
      const bounded = boundedId(id);
      t.notThrows(() => encodeURIComponent(bounded)); // throws at a lone surrogate
      return bounded.length <= 112 && !/\p{Cc}/u.test(bounded) && boundedId(bounded) === bounded;
    }),
    { numRuns: 300 },
  );
  t.pass();
});
