import { Engine, type EngineOptions } from '../../src/engine/engine.js';
import { ModelSet } from '../../src/engine/models.js';
import type { Bundle } from '../../src/model/bundle.js';
import { MANIFEST } from '../model/sample-model.js';

export const FAKE_BUNDLE: Bundle = {
  id: 'f'.repeat(64),
  dir: '',
  manifest: { ...MANIFEST, files: {} },
  tensors: {},
};

const MODULES = {
  decode: new URL('./fake-decode.js', import.meta.url),
  encode: new URL('./fake-encode.js', import.meta.url),
};

/** The engine itself, on threads that obey frames (see fake-orders.ts) and start in no time. */
export function fakeEngine(
  options: Partial<EngineOptions> = {},
  modules: Partial<typeof MODULES> = {},
): Engine {
  const models = ModelSet.single(FAKE_BUNDLE);
  const few = { models, encoderThreads: 1, decodeThreads: 1 };
  return new Engine({ ...few, ...options }, { ...MODULES, ...modules });
}
