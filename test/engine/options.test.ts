import { availableParallelism } from 'node:os';
import test from 'ava';
import { ModelSet } from '../../src/engine/models.js';
import { defaultThreads, framesInWork, threadsOf } from '../../src/engine/options.js';
import { FAKE_BUNDLE } from '../helpers/fake-engine.js';

test('a back end of one core runs in a thread a core, or in as many as are asked for', (t) => {
  t.deepEqual(threadsOf({ backend: 'wasm' }), defaultThreads(availableParallelism()));
  t.deepEqual(threadsOf({ backend: 'wasm', encoderThreads: 3, decodeThreads: 2 }), {
    encode: 3,
    decode: 2,
  });
});

test('a back end that uses all cores runs in one thread; more are refused', (t) => {
  t.deepEqual(threadsOf({ backend: 'tensorflow' }), {
    encode: 1,
    decode: Math.max(1, availableParallelism() - 1),
  });
  t.is(threadsOf({ backend: 'tensorflow', encoderThreads: 1 }).encode, 1);
  const error = t.throws(() => threadsOf({ backend: 'tensorflow', encoderThreads: 2 }), {
    code: 'PL_CONFIG',
    message: "the back end 'tensorflow' runs in one encoder thread, not 2",
  });
  t.like(error, { disposition: 'usage' });
});

test('frames in work: one a thread; for what may be a GPU, two batches', (t) => {
  const models = ModelSet.single(FAKE_BUNDLE); // 256×256
  const threads = { decodeThreads: 3 };
  t.is(framesInWork({ models, backend: 'wasm', encoderThreads: 2, ...threads }), 5);
  t.is(framesInWork({ models, backend: 'tensorflow', ...threads }), 2 * 32 + 3);
  const batch = { frames: 8, ageMs: 5 };
  t.is(framesInWork({ models, backend: 'webgpu', batch, ...threads }), 2 * 8 + 3);
});
