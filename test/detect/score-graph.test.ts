import test, { type ExecutionContext } from 'ava';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { startBackend } from '../../src/backend/backends.js';
import { encodeModel } from '../../src/backend/onnx/model.js';
import { scoreGraph } from '../../src/detect/score-graph.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { PAPER_READOUT, type Readout } from '../../src/learn/options.js';
import { type SmallModel, smallModel, surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';
import { referenceScores } from '../helpers/reference.js';

test.before(() => startBackend('wasm'));

async function run({ learned, spec }: SmallModel, frames: readonly Pixels[]) {
  const graph = scoreGraph({ ...learned, centred: spec.map.centred });
  const file = encodeModel({ ...graph, name: 'test', producer: 'test', producerVersion: '1' });
  const session = await InferenceSession.create(file);
  const { width, height } = frames[0];
  const pixels = Uint8Array.from(frames.flatMap(({ data }) => [...data]));
  const shape = [frames.length, height, width, 3];
  const { scores } = await session.run({ pixels: new Tensor('uint8', pixels, shape) });
  return scores;
}

async function assertScores(t: ExecutionContext, readout: Partial<Readout>): Promise<void> {
  const size = { width: 91, height: 78 }; // no multiples of 4
  const model = await smallModel(size, readout);
  const frames = [surface(size, 50), surface(size, 51)];
  const scores = await run(model, frames);
  const expected = frames.map((frame) => referenceScores(model, frame));
  t.is(scores.dims[0], 2);
  near(
    t,
    scores.data as Float32Array,
    expected.flatMap((each) => [...each]),
    1e-4,
  );
}

for (const density of ['nearest', 'gaussian', 'kernel', 'location'] as const) {
  test.serial(`${density}: pixels of two frames to their score grids`, (t) =>
    assertScores(t, { density }),
  );
}

test.serial('the paper’s readout, and statistics alone', async (t) => {
  await assertScores(t, PAPER_READOUT);
  await assertScores(t, { views: ['stat8', 'stat16'] });
});

test.serial('frames of another size than the model’s', async (t) => {
  const model = await smallModel({ width: 80, height: 80 });
  const frame = surface({ width: 101, height: 70 }, 3);
  const scores = await run(model, [frame]);
  t.deepEqual([...scores.dims], [1, 16, 24]);
  near(t, scores.data as Float32Array, referenceScores(model, frame), 1e-4);
});
