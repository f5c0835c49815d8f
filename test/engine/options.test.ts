import { availableParallelism } from 'node:os';
import test from 'ava';
import { ModelSet } from '../../src/engine/models.js';
import {
  defaultThreads,
  type EngineOptions,
  framesInWork,
  threadsOf,
} from '../../src/engine/options.js';
import type { ImageDetectorSpec } from '../../src/model/manifest.js';
import { FAKE_BUNDLE } from '../helpers/fake-engine.js';

const models = ModelSet.single(FAKE_BUNDLE); // 256×256

test('a back end of one core runs in a thread a core, or in as many as are asked for', (t) => {
  t.deepEqual(threadsOf({ models, backend: 'wasm' }), defaultThreads(availableParallelism()));
  t.deepEqual(threadsOf({ models, backend: 'wasm', encoderThreads: 3, decodeThreads: 2 }), {
    encode: 3,
    decode: 2,
  });
});

test('one that uses all cores runs in one thread, or in as many as are asked for', (t) => {
  const others = Math.max(1, availableParallelism() - 1);
  t.deepEqual(threadsOf({ models, backend: 'tensorflow' }), { encode: 1, decode: others });
  t.is(threadsOf({ models, backend: 'tensorflow', encoderThreads: 2 }).encode, 2);
});

test('more threads than a back end bears are refused', (t) => {
  const refused = (options: EngineOptions, message: string) =>
    t.like(
      t.throws(() => threadsOf(options), { code: 'PL_CONFIG', message }),
      {
        disposition: 'usage',
      },
    );
  refused(
    { models, backend: 'webgpu', encoderThreads: 2 },
    "the back end 'webgpu' runs in one encoder thread, not 2",
  );
  const detector = { network: { architecture: 'resnet18' } } as unknown as ImageDetectorSpec;
  const manifest = { ...FAKE_BUNDLE.manifest, detector };
  refused(
    {
      models: ModelSet.single({ ...FAKE_BUNDLE, manifest }),
      backend: 'tensorflow',
      encoderThreads: 3,
    },
    `the back end 'tensorflow' runs in one encoder thread with the image-level model ${manifest.name}, not 3`,
  );
});

test('frames in work: one a thread; for what may be a GPU, a batch a thread and one more', (t) => {
  const threads = { decodeThreads: 3 };
  t.is(framesInWork({ models, backend: 'wasm', encoderThreads: 2, ...threads }), 5);
  t.is(framesInWork({ models, backend: 'tensorflow', ...threads }), 2 * 32 + 3);
  t.is(framesInWork({ models, backend: 'tensorflow', encoderThreads: 2, ...threads }), 3 * 32 + 3);
  const batch = { frames: 8, ageMs: 5 };
  t.is(framesInWork({ models, backend: 'webgpu', batch, ...threads }), 2 * 8 + 3);
});
