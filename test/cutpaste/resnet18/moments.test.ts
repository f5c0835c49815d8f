import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startTensorflow } from '../../../src/backend/tensorflow.js';
import { Parameters } from '../../../src/cutpaste/parameters.js';
import { layerPasses } from '../../../src/cutpaste/passes.js';
import { mapConvolutions } from '../../../src/cutpaste/resnet18/architecture.js';
import { ResNet18 } from '../../../src/cutpaste/resnet18/inference.js';
import { momentsOnFrames } from '../../../src/cutpaste/resnet18/moments.js';
import { trainingResNet18 } from '../../../src/cutpaste/resnet18/training.js';
import {
  foldResNet18,
  initialResNet18,
  type TrainableResNet18,
} from '../../../src/cutpaste/resnet18/weights.js';
import { near } from '../../helpers/near.js';
import { cosines } from './torch-reference.js';

const FRAMES = 6;
const SIDE = 44;

test.before(() => startTensorflow('wasm'));

/** Scales and shifts that are not all alike. */
function network(): TrainableResNet18 {
  let i = 0;
  const waves = (length: number) => Float32Array.from({ length }, () => Math.sin(i++));
  return mapConvolutions(initialResNet18(4, [4, 6, 8, 10]), (layer) => ({
    ...layer,
    scale: waves(layer.channels).map((wave) => 1 + 0.3 * wave),
    shift: waves(layer.channels).map((wave) => 0.3 * wave),
  }));
}

/** What training normalises by the moments of the batch itself. */
function trainingOutput(net: TrainableResNet18, frames: tf.Tensor4D): Float32Array {
  return tf.tidy(() => {
    const training = trainingResNet18(net);
    const parameters = new Parameters();
    training.addTo(parameters);
    const weights = new Map(
      [...parameters.values].map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
    );
    return training.forward(layerPasses(), weights, frames).output.dataSync() as Float32Array;
  });
}

for (const batches of [1, 3]) {
  test.serial(`folded by the moments of frames in ${batches} batches it is as in training`, (t) => {
    const net = network();
    const pixels = cosines(FRAMES * SIDE * SIDE * 3);
    const all = tf.tensor4d(pixels, [FRAMES, SIDE, SIDE, 3]);
    const before = tf.memory().numTensors;
    const parts = tf.split(all, batches, 0) as tf.Tensor4D[];
    const folded = new ResNet18(foldResNet18(net, momentsOnFrames(net, parts)));
    const output = folded.forward(all);
    near(t, output.dataSync(), trainingOutput(net, all), 1e-4);
    tf.dispose(output);
    folded.dispose();
    t.is(tf.memory().numTensors, before);
    tf.dispose(all);
  });
}
