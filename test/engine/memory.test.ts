import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { Pipeline } from '../../src/stream/pipeline.js';
import { fakeEngine } from '../helpers/fake-engine.js';
import { frameOf } from '../helpers/frames.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** A line runs for months: a few bytes kept of each frame would be the end of it. */
test('nothing of a frame is kept once it is settled', async (t) => {
  const engine = fakeEngine();
  await engine.start();
  t.teardown(() => engine.stop());
  const limit = { frames: 4, bytes: 1000 };
  const sinks = [{ name: 'nowhere', publish: async () => {}, close: async () => {} }];
  const pipeline = new Pipeline(engine, sinks, limit, () => {});
  const refs = await run(pipeline); // a function of its own, whose variables are gone afterwards
  while (pipeline.credits.inFlight.frames > 0) await turn();
  await turn();
  collectGarbage();
  t.is(refs.filter((ref) => ref.deref() !== undefined).length, 0);
});

async function run(pipeline: Pipeline): Promise<WeakRef<object>[]> {
  const refs: WeakRef<object>[] = [];
  for (let n = 0; n < 40; n++) {
    const frame = frameOf(`${n}`, 'fine', { camera: `camera ${n % 20}` });
    const { settled } = await pipeline.admit(frame);
    refs.push(new WeakRef(frame), new WeakRef(settled), new WeakRef(await settled));
  }
  return refs;
}
