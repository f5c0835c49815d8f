import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { TensorEncoder } from '../../src/backend/tensor-encoder.js';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import { initialNetwork } from '../../src/cutpaste/network.js';
import { standardise } from '../../src/density/standard.js';
import { scoringRequest, viewScores } from '../../src/detect/detector.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { fitDetector } from '../../src/learn/detector.js';
import { normalisationOf } from '../../src/learn/images.js';
import { foldOnImages } from '../../src/learn/network.js';
import { DEFAULT_READOUT } from '../../src/learn/options.js';
import { lit } from '../../src/learn/variation.js';
import { Random } from '../../src/random.js';
import { SMALL_LAYERS, surfaces } from '../helpers/models.js';
import { near } from '../helpers/near.js';

const SIZE = { width: 80, height: 72 };
const IMAGES = surfaces(SIZE, 8);

test.before(() => startTensorflow('wasm'));

const folded = (images = IMAGES) =>
  foldOnImages(initialNetwork(SMALL_LAYERS, 1), images, normalisationOf(images), 1);

test.serial('each view is standardised by all cells of the held-out frames', async (t) => {
  const tolerance = { light: 0, noise: 0 };
  const network = folded();
  const heldOut = IMAGES.slice(5);
  const readout = { ...DEFAULT_READOUT, views: ['rf8', 'stat16'], centres: 8, tolerance };
  const options = { readout, seed: 1, onImage: () => {} };
  const { views, densities } = await fitDetector(network, IMAGES.slice(0, 5), heldOut, options);
  const requests = views.map(({ name }, v) => scoringRequest(network, name, densities[v]));
  const encoder = new TensorEncoder(network, requests);
  const scores: number[][] = views.map(() => []);
  for (const { pixels } of heldOut) {
    const [outputs] = await encoder.encode([prepareFrame(pixels, Number.POSITIVE_INFINITY, true)]);
    outputs.forEach((output, v) => {
      scores[v].push(...viewScores(densities[v], output));
    });
  }
  encoder.dispose();
  views.forEach(({ standard }, v) => {
    const mean = scores[v].reduce((a, b) => a + b) / scores[v].length;
    const variance = scores[v].reduce((sum, s) => sum + (s - mean) ** 2, 0) / scores[v].length;
    near(t, [standard.mean, standard.deviation], [mean, Math.sqrt(variance)], 1e-9);
  });
});

test.serial(
  'a density that tolerates another light takes it for good, and none else',
  async (t) => {
    const network = folded();
    const darker = lit(IMAGES[7].pixels, 0.8, 0, new Random(1));
    const medianOf = async (light: number) => {
      const tolerance = { light, noise: 0 };
      const readout = { ...DEFAULT_READOUT, views: ['stat8'], centres: 8, tolerance };
      const options = { readout, seed: 1, onImage: () => {} };
      const { views, densities } = await fitDetector(
        network,
        IMAGES.slice(0, 5),
        IMAGES.slice(5, 7),
        options,
      );
      const request = scoringRequest(network, 'stat8', densities[0]);
      const encoder = new TensorEncoder(network, [request]);
      const [[output]] = await encoder.encode([
        prepareFrame(darker, Number.POSITIVE_INFINITY, true),
      ]);
      encoder.dispose();
      const scores = standardise(viewScores(densities[0], output), views[0].standard);
      return scores.sort()[scores.length >> 1];
    };
    t.true((await medianOf(0)) > 2); // most places are strange
    t.true((await medianOf(0.2)) < 1); // most are usual
  },
);

test.serial(
  'a density for each place is refused for frames where it would fill the memory',
  async (t) => {
    const size = { width: 2048, height: 1536 };
    const large = [{ name: 'large', pixels: { ...size, data: new Uint8Array(3) } }];
    const readout = { ...DEFAULT_READOUT, density: 'location' as const };
    const options = { readout, seed: 1, onImage: () => {} };
    const wide = initialNetwork(SMALL_LAYERS, 1).map((layer) => ({
      ...layer,
      channels: 32,
      bias: layer.shift,
    }));
    const error = await t.throwsAsync(fitDetector(wide, large, large, options), {
      code: 'PL_CONFIG',
    });
    t.regex(error.message, /383.*511.*rf8.* MiB/);
  },
);

test.serial('the folded network says the same of large frames and of windows of them', (t) => {
  const before = tf.memory().numTensors;
  const large = surfaces({ width: 300, height: 280 }, 2);
  const network = folded(large);
  t.is(tf.memory().numTensors, before);
  const small = folded(surfaces({ width: 256, height: 256 }, 2));
  network.forEach(({ filter }, i) => {
    near(t, filter, small[i].filter, 0.05, `conv${i}`);
  });
});
