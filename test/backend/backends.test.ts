import * as tf from '@tensorflow/tfjs-core';
import test, { type ExecutionContext } from 'ava';
import { type BackendName, startBackend } from '../../src/backend/backends.js';
import type { ViewOutput, ViewRequest } from '../../src/backend/encoder.js';
import { TensorEncoder } from '../../src/backend/tensor-encoder.js';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import { score } from '../../src/density/density.js';
import { scoringRequest, viewRequest, viewScores } from '../../src/detect/detector.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { PAPER_READOUT, type Readout } from '../../src/learn/options.js';
import { load, smallModel, surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';

const SIZE = { width: 92, height: 78 };
const NAMES = ['wasm', 'cpu', 'onnx'] as const;
const DENSITIES = ['gaussian', 'nearest', 'kernel', 'location'] as const;
const FRAME = prepareFrame(surface(SIZE, 50), Number.POSITIVE_INFINITY, true);

test.beforeEach(() => startTensorflow('wasm'));

for (const density of DENSITIES) {
  test.serial(`wasm agrees with the reference back end to 1e-4: ${density}`, async (t) => {
    const model = await smallModel(SIZE, { density });
    const results = [];
    for (const name of NAMES) {
      const detector = await load(model, SIZE, await startBackend(name));
      t.is(detector.encoder.backend, name);
      results.push((await detector.localize(FRAME)).grid.scores);
      detector.dispose();
    }
    near(t, results[0], results[1], 1e-4);
  });

  test.serial(`scores in plain code and by tensors are the same: ${density}`, async (t) => {
    await assertSameScores(t, { density });
  });
}

test.serial('any number of centres: whole lanes of 16, and not', async (t) => {
  for (const centres of [1, 15, 16, 33, 48]) {
    await assertSameScores(t, { centres, views: ['rf64', 'stat8'] });
  }
});

/** The linear parts of the densities on the back end agree with `score` in plain code. */
async function assertSameScores(t: ExecutionContext, readout: Partial<Readout>): Promise<void> {
  const { learned } = await smallModel(SIZE, readout);
  const { network, densities, views } = learned;
  const encode = async (requests: ViewRequest[]): Promise<ViewOutput[]> => {
    const encoder = new TensorEncoder(network, requests);
    const [outputs] = await encoder.encode([FRAME]);
    encoder.dispose();
    return outputs;
  };
  const plain = await encode(views.map(({ name }) => viewRequest(network, name)));
  const byTensors = await encode(
    views.map(({ name }, v) => scoringRequest(network, name, densities[v])),
  );
  views.forEach(({ name }, v) => {
    const expected = score(densities[v], plain[v].values);
    near(t, viewScores(densities[v], byTensors[v]), expected, 1e-4, name);
  });
}

test.serial("wasm agrees with the reference back end to 1e-4: the paper's readout", async (t) => {
  const model = await smallModel(SIZE, PAPER_READOUT);
  const results = [];
  for (const name of NAMES) {
    const detector = await load(model, SIZE, await startBackend(name));
    results.push((await detector.localize(FRAME)).map);
  }
  near(t, results[0], results[1], 1e-4);
});

test.serial('a model fitted on one back end is that of the other, to 1e-3', async (t) => {
  const models = [];
  for (const name of NAMES) {
    await startBackend(name);
    models.push(await smallModel(SIZE, PAPER_READOUT));
  }
  for (const [name, { data }] of Object.entries(models[0].tensors.network)) {
    near(t, data, models[1].tensors.network[name].data, 1e-3, name);
  }
  near(t, [models[0].spec.views[0].standard.mean], [models[1].spec.views[0].standard.mean], 1e-3);
});

test.serial(
  'a back end that does not exist is an error that names it; the one before goes on',
  async (t) => {
    const error = await t.throwsAsync(startBackend('cuda' as BackendName), {
      code: 'PL_BACKEND',
    });
    t.regex(error.message, /'cuda'/);
    t.is(tf.getBackend(), 'wasm');
  },
);

test.serial('the memory of the back end is told', async (t) => {
  const { encoder } = await load(await smallModel(SIZE), SIZE);
  const before = encoder.memory();
  const tensor = tf.zeros([100]);
  t.deepEqual(encoder.memory(), { bytes: before.bytes + 400, tensors: before.tensors + 1 });
  tensor.dispose();
});

test.serial('a view of statistics needs those of a frame that was cut', async (t) => {
  const { learned } = await smallModel(SIZE, { views: ['stat8'] });
  const encoder = new TensorEncoder(learned.network, [viewRequest(learned.network, 'stat8')]);
  const without = prepareFrame(surface(SIZE, 1), 64, false);
  await t.throwsAsync(encoder.encode([without]), { message: /statistics of 8 px/ });
});
