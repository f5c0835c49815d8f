import { availableParallelism } from 'node:os';
import test from 'ava';
import { defaultThreads, threadsOf } from '../../src/engine/options.js';

test('a back end of one core runs in a thread a core, or in as many as are asked for', (t) => {
  t.deepEqual(threadsOf({ backend: 'wasm' }), defaultThreads(availableParallelism()));
  t.deepEqual(threadsOf({ backend: 'wasm', encoderThreads: 3, decodeThreads: 2 }), {
    encode: 3,
    decode: 2,
  });
});

test('a back end that uses all cores runs in one thread; more are refused', (t) => {
  t.is(threadsOf({ backend: 'tensorflow' }).encode, 1);
  t.is(threadsOf({ backend: 'tensorflow', encoderThreads: 1 }).encode, 1);
  const error = t.throws(() => threadsOf({ backend: 'tensorflow', encoderThreads: 2 }), {
    code: 'PL_CONFIG',
    message: "the back end 'tensorflow' runs in one encoder thread, not 2",
  });
  t.like(error, { disposition: 'usage' });
});
