import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import { foldInput, foldNetwork } from '../../src/cutpaste/fold.js';
import { convolve, normalise } from '../../src/cutpaste/gradients.js';
import {
  DEFAULT_LAYERS,
  type FoldedNetwork,
  foldLayer,
  initialNetwork,
  type Layer,
  layerSeeing,
  outputSide,
  reachOf,
  type TrainableNetwork,
} from '../../src/cutpaste/network.js';
import { Random } from '../../src/random.js';
import { near } from '../helpers/near.js';
import { normals } from '../helpers/random.js';
import { noise } from './images.js';

const LAYERS: readonly Layer[] = [
  { kernel: 4, stride: 2, channels: 6 },
  { kernel: 3, stride: 2, channels: 5 },
  { kernel: 3, stride: 1, channels: 4 },
];

test.before(() => startTensorflow('wasm'));

test('the default network sees 64 px every 4 px, and 8, 16, 32 on the way', (t) => {
  const reach = reachOf(DEFAULT_LAYERS);
  t.deepEqual(
    reach.map(({ receptiveField }) => receptiveField),
    [4, 8, 16, 24, 32, 40, 48, 56, 64],
  );
  t.deepEqual(
    reach.map(({ jump }) => jump),
    [2, 4, 4, 4, 4, 4, 4, 4, 4],
  );
  t.is(outputSide(DEFAULT_LAYERS, 64), 1);
  t.is(outputSide(DEFAULT_LAYERS, 67), 1);
  t.is(outputSide(DEFAULT_LAYERS, 68), 2);
  t.is(outputSide(DEFAULT_LAYERS, 256), 49);
});

test('a layer is found by its receptive field; others are refused with those that exist', (t) => {
  t.is(layerSeeing(DEFAULT_LAYERS, 8), 1);
  t.is(layerSeeing(DEFAULT_LAYERS, 64), 8);
  for (const unknown of [4, 12, 72]) {
    const error = t.throws(() => layerSeeing(DEFAULT_LAYERS, unknown), { code: 'PL_CONFIG' });
    t.regex(error.message, new RegExp(`field ${unknown}$`));
    t.is((error as { hint?: string }).hint, 'choose from 8, 16, 24, 32, 40, 48, 56, 64');
  }
});

test('first weights: by the seed, normal with variance 2 / fan-in', (t) => {
  const network = initialNetwork(DEFAULT_LAYERS, 1);
  t.deepEqual(network, initialNetwork(DEFAULT_LAYERS, 1));
  t.notDeepEqual(network[0].filter, initialNetwork(DEFAULT_LAYERS, 2)[0].filter);
  let inputs = 3;
  for (const { kernel, channels, filter, scale, shift } of network) {
    const fanIn = kernel * kernel * inputs;
    t.is(filter.length, fanIn * channels);
    const variance = filter.reduce((sum, w) => sum + w * w, 0) / filter.length;
    t.true(Math.abs(variance * (fanIn / 2) - 1) < 5 * Math.sqrt(2 / filter.length));
    t.true(scale.every((s) => s === 1) && shift.every((s) => s === 0));
    inputs = channels;
  }
  t.is(
    network.reduce((n, { filter }) => n + filter.length, 0),
    79_104,
  );
});

test('hand case: a normalisation folded into its convolution', (t) => {
  const layer = {
    kernel: 1,
    stride: 1,
    channels: 2,
    filter: Float32Array.of(1, 2, 3, 4, 5, 6), // [1, 1, 3, 2]
    scale: Float32Array.of(2, 3),
    shift: Float32Array.of(10, 20),
  };
  const moments = { mean: Float32Array.of(1, -1), variance: Float32Array.of(4, 9) };
  const { filter, bias } = foldLayer(layer, moments); // gains 2/2 and 3/3
  near(t, filter, [1, 2, 3, 4, 5, 6], 2e-6);
  near(t, bias, [9, 21], 2e-6);
});

/** Weights as training leaves them: scales and shifts that are not 1 and 0. */
function trainedNetwork(): TrainableNetwork {
  const random = new Random(5);
  return initialNetwork(LAYERS, 1).map((layer) => ({
    ...layer,
    scale: layer.scale.map(() => random.uniform(-0.5, 1.5)),
    shift: layer.shift.map(() => random.uniform(-0.5, 0.5)),
  }));
}

/** All layers in training's way, by the moments of the batch itself. */
function unfolded(network: TrainableNetwork, pixels: tf.Tensor4D): tf.Tensor4D {
  let inputs = 3;
  return network.reduce((x, { kernel, channels, stride, filter, scale, shift }) => {
    const weights = tf.tensor4d(filter, [kernel, kernel, inputs, channels]);
    inputs = channels;
    return normalise(convolve(x, weights, stride), tf.tensor1d(scale), tf.tensor1d(shift)).output;
  }, pixels);
}

function run(network: FoldedNetwork, pixels: tf.Tensor4D): tf.Tensor4D {
  let inputs = 3;
  return network.reduce((x, { kernel, channels, stride, filter, bias }) => {
    const weights = tf.tensor4d(filter, [kernel, kernel, inputs, channels]);
    inputs = channels;
    return tf.relu(tf.add(convolve(x, weights, stride), bias)) as tf.Tensor4D;
  }, pixels);
}

test('a folded network says what training says of the same frames, to 1e-5', (t) => {
  const network = trainedNetwork();
  const all = normals(5 * 40 * 36 * 3, 2);
  const expected = unfolded(network, tf.tensor4d(all, [5, 40, 36, 3]));
  // In two batches of different sizes: every frame weighs the same.
  const batches = [
    tf.tensor4d(all.subarray(0, 4 * 40 * 36 * 3), [4, 40, 36, 3]),
    tf.tensor4d(all.subarray(4 * 40 * 36 * 3), [1, 40, 36, 3]),
  ];
  const folded = foldNetwork(network, batches);
  const actual = run(folded, tf.tensor4d(all, [5, 40, 36, 3]));
  t.deepEqual(actual.shape, expected.shape);
  near(t, actual.dataSync(), expected.dataSync(), 1e-5);
});

test('pixels as bytes through the folded input say the same as normalised ones, to 1e-5', (t) => {
  const normalisation: { mean: [number, number, number]; deviation: [number, number, number] } = {
    mean: [0.2, 0.5, 0.8],
    deviation: [0.1, 0.2, 0.02],
  };
  const { mean, deviation } = normalisation;
  const { data } = noise(40, 40, 1);
  const normalised = Float32Array.from(data, (v, i) => (v / 255 - mean[i % 3]) / deviation[i % 3]);
  const folded = foldNetwork(trainedNetwork(), [tf.tensor4d(normalised, [1, 40, 40, 3])]);
  const expected = run(folded, tf.tensor4d(normalised, [1, 40, 40, 3]));
  const bytes = tf.tensor4d(Float32Array.from(data), [1, 40, 40, 3]);
  const actual = run(foldInput(folded, normalisation), bytes);
  near(t, actual.dataSync(), expected.dataSync(), 1e-5);
});

test('folding leaves no tensor behind and takes the frames with it', (t) => {
  const before = tf.memory().numTensors;
  foldNetwork(trainedNetwork(), [tf.ones([1, 30, 30, 3]), tf.zeros([2, 30, 30, 3])]);
  t.is(tf.memory().numTensors, before);
});

test('a channel that never varies is no reason for NaN', (t) => {
  const folded = foldNetwork(trainedNetwork(), [tf.ones([2, 30, 30, 3])]);
  t.true(folded.every(({ filter, bias }) => [...filter, ...bias].every(Number.isFinite)));
});
