import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startTensorflow } from '../../../src/backend/tensorflow.js';
import {
  convolutionsOf,
  mapConvolutions,
  RESNET18_WIDTHS,
} from '../../../src/cutpaste/resnet18/architecture.js';
import { ResNet18 } from '../../../src/cutpaste/resnet18/inference.js';
import { neutralMoments } from '../../../src/cutpaste/resnet18/moments.js';
import {
  type FoldedResNet18,
  foldResNet18,
  initialResNet18,
} from '../../../src/cutpaste/resnet18/weights.js';

interface Case {
  readonly height: number;
  readonly width: number;
  readonly widths: number[];
  readonly stages: number[][];
  readonly embeddings: number[]; // [2, last width]
}

// Made by test/data/resnet18.py (numpy); tests are compiled, the data stays in the sources.
const cases: Case[] = JSON.parse(
  readFileSync(new URL('../../../../test/data/resnet18.json', import.meta.url), 'utf8'),
);

/** The weights of test/data/resnet18.py: sin(i) / 2 in the order of use, biases included. */
function sineWeights(widths: readonly number[]): FoldedResNet18 {
  let i = 0;
  const sines = (length: number) => Float32Array.from({ length }, () => Math.sin(i++) / 2);
  return mapConvolutions(initialResNet18(1, widths), ({ filter, ...layer }) => {
    return { ...layer, filter: sines(filter.length), bias: sines(layer.channels) };
  });
}

function bornResNet18(seed: number, widths?: readonly number[]): FoldedResNet18 {
  const network = initialResNet18(seed, widths);
  return foldResNet18(network, neutralMoments(network));
}

test.before(() => startTensorflow('wasm'));

for (const { height, width, widths, stages, embeddings } of cases) {
  test.serial(`agrees with numpy on ${width}×${height} px`, (t) => {
    const network = new ResNet18(sineWeights(widths));
    const pixels = Float32Array.from({ length: 2 * height * width * 3 }, (_, i) => Math.cos(i));
    const x = tf.tensor4d(pixels, [2, height, width, 3]);
    t.deepEqual(
      network
        .blockOutputs(x)
        .filter((_, i) => i > 0 && i % 2 === 0) // the second of each stage
        .map((stage) => stage.shape as number[]),
      stages,
    );
    const y = network.forward(x);
    t.deepEqual(y.shape, [2, 5]);
    y.dataSync().forEach((value, i) => {
      t.true(Math.abs(value - embeddings[i]) < 1e-5, `${value} against ${embeddings[i]}`);
    });
  });
}

test.serial('is the ResNet-18 of the literature: its parameters, its shapes', (t) => {
  const weights = bornResNet18(7);
  // Filters, and of the normalisation (here folded into the filters) a gain and a shift a channel.
  const parameters = convolutionsOf(weights).map(
    ({ filter, bias }) => filter.length + 2 * bias.length,
  );
  t.is(parameters.length, 20);
  t.is(
    parameters.reduce((a, b) => a + b),
    11_176_512,
    '11,689,512 less the 513,000 of the classifier',
  );
  const network = new ResNet18(weights);
  const x = tf.zeros<tf.Rank.R4>([1, 64, 64, 3]);
  t.deepEqual(
    network.blockOutputs(x).map((block) => block.shape),
    [
      [1, 32, 32, 64],
      ...RESNET18_WIDTHS.flatMap((channels, stage) => {
        const shape: [number, number, number, number] = [1, 16 >> stage, 16 >> stage, channels];
        return [shape, shape];
      }),
    ],
  );
  t.deepEqual(network.forward(x).shape, [1, 512]);
});

test.serial('gives back all that it holds', (t) => {
  const before = tf.memory().numTensors;
  const network = new ResNet18(bornResNet18(3, [2, 2, 2, 2]));
  const x = tf.ones<tf.Rank.R4>([1, 64, 64, 3]);
  tf.dispose([x, network.forward(x)]);
  network.dispose();
  t.is(tf.memory().numTensors, before);
});

test('the same seed gives the same weights', (t) => {
  t.deepEqual(initialResNet18(5, [2, 2, 2, 2]), initialResNet18(5, [2, 2, 2, 2]));
  t.notDeepEqual(initialResNet18(5, [2, 2, 2, 2]), initialResNet18(6, [2, 2, 2, 2]));
});
