import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { runningTensorflow, startTensorflow } from '../../src/backend/tensorflow.js';
import { initialNetwork } from '../../src/cutpaste/network.js';
import { parseView, viewRequest } from '../../src/detect/detector.js';
import { LoadedDetector } from '../../src/detect/model.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { load, SMALL_LAYERS, smallModel, surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';

test.before(() => startTensorflow('wasm'));

test.serial('no tensor outlives a frame, none a detector', async (t) => {
  const before = tf.memory().numTensors;
  const size = { width: 96, height: 80 };
  for (const density of ['nearest', 'kernel', 'gaussian', 'location'] as const) {
    const detector = await load(await smallModel(size, { density }), size);
    const held = tf.memory().numTensors;
    for (const tile of [64, 80, Number.POSITIVE_INFINITY]) {
      await detector.localize(prepareFrame(surface(size, 1), tile, detector.wantsStatistics));
    }
    t.is(tf.memory().numTensors, held, density);
    detector.dispose();
    t.is(tf.memory().numTensors, before, density);
  }
});

test.serial(
  'the views are added on the lattice of the shallowest, the deeper ones extended',
  async (t) => {
    const size = { width: 96, height: 80 };
    const views = ['rf64', 'rf8'];
    const model = await smallModel(size, { views, centred: false });
    const both = await load(model, size);
    const input = prepareFrame(surface(size, 1), Number.POSITIVE_INFINITY, both.wantsStatistics);
    const { grid, map } = await both.localize(input);
    t.like(grid, { rows: 19, cols: 23, stride: 4, offset: 3.5 });
    t.is(map.length, 96 * 80);
    const alone = await Promise.all(
      views.map(async (name) => {
        const spec = {
          ...model.spec,
          views: model.spec.views.filter((view) => view.name === name),
        };
        const detector = await load({ ...model, spec }, size);
        return (await detector.localize(input)).grid;
      }),
    );
    const [deep, shallow] = alone;
    t.like(deep, { rows: 5, cols: 9, offset: 31.5 });
    const expected = shallow.scores.map((score, i) => {
      const row = Math.min(4, Math.max(0, Math.floor(i / 23) - 7));
      const col = Math.min(8, Math.max(0, (i % 23) - 7));
      return score + deep.scores[row * 9 + col];
    });
    near(t, grid.scores, expected, 1e-6);
  },
);

test.serial('centred scores are those less the quiet level of the frame', async (t) => {
  const size = { width: 96, height: 80 };
  const model = await smallModel(size);
  const plain = { ...model, spec: { ...model.spec, map: { ...model.spec.map, centred: false } } };
  const input = prepareFrame(surface(size, 1), Number.POSITIVE_INFINITY, true);
  const { scores } = (await (await load(model, size)).localize(input)).grid;
  const raw = (await (await load(plain, size)).localize(input)).grid.scores;
  const level = raw.toSorted()[109]; // of 19·23 = 437 cells the 110th
  near(
    t,
    scores,
    raw.map((score) => score - level),
    1e-6,
  );
});

test.serial('the control is loaded by its own files', async (t) => {
  const size = { width: 80, height: 80 };
  const one = await smallModel(size);
  const other = await smallModel(size, { views: ['rf32'], density: 'gaussian' });
  const manifest = {
    input: size,
    detector: one.spec,
    control: { ...other.spec, network: { ...other.spec.network, file: 'n2' }, densityFile: 'd2' },
  };
  const tensors = { ...one.tensors, n2: other.tensors.network, d2: other.tensors.density };
  const input = prepareFrame(surface(size, 1), Number.POSITIVE_INFINITY, true);
  const backend = runningTensorflow();
  const detector = await LoadedDetector.load({ manifest, tensors }, backend, 'control');
  const control = await detector.localize(input);
  const expected = await (await load(other, size)).localize(input);
  t.deepEqual(control.grid, expected.grid);
});

test('view names', (t) => {
  t.deepEqual(parseView('rf64'), { name: 'rf64', receptiveField: 64, statistics: false });
  t.deepEqual(parseView('stat16'), { name: 'stat16', receptiveField: 16, statistics: true });
  for (const name of ['rf', 'stat32', 'stat', 'RF8', 'rf8 ', 'mean8']) {
    t.throws(() => parseView(name), { code: 'PL_CONFIG', message: new RegExp(`'${name}'`) });
  }
  const network = initialNetwork(SMALL_LAYERS, 1).map((layer) => ({ ...layer, bias: layer.shift }));
  t.like(viewRequest(network, 'rf64'), { dim: 10, source: { kind: 'layer', layer: 8 } });
  t.like(viewRequest(network, 'stat8'), { dim: 14, source: { kind: 'statistics', window: 8 } });
  t.throws(() => viewRequest(network, 'rf12'), { code: 'PL_CONFIG', message: /12/ });
});
