import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startTensorflow } from '../../../src/backend/tensorflow.js';
import { ResNet18 } from '../../../src/cutpaste/resnet18/inference.js';
import { isCounter, weightsFrom } from '../../../src/cutpaste/resnet18/init.js';
import { foldResNet18 } from '../../../src/cutpaste/resnet18/weights.js';
import type { PatchlineError } from '../../../src/errors.js';
import type { Tensor } from '../../../src/model/safetensors.js';
import { near } from '../../helpers/near.js';
import { cosines, reference, seededTensors } from './torch-reference.js';

const { loading } = reference;
const named = loading.tensors.filter(([name]) => !isCounter(name));
const tensors = seededTensors(
  named,
  named.map(([name]) => name),
);

test.before(() => startTensorflow('wasm'));

test.serial('weights of torchvision and timm give, block by block, what PyTorch gives', (t) => {
  const { network, moments } = weightsFrom(tensors, 'weights');
  const resnet = new ResNet18(foldResNet18(network, moments));
  const { height, width } = loading;
  const x = tf.tensor4d(cosines(height * width * 3), [1, height, width, 3]);
  const outputs: tf.Tensor[] = [...resnet.blockOutputs(x), resnet.forward(x)];
  t.is(outputs.length, loading.blocks.length);
  loading.blocks.forEach(({ at, values, norm }, i) => {
    const output = outputs[i].dataSync() as Float32Array;
    near(t, [Math.hypot(...output) / norm], [1], 1e-5, `norm of block ${i}`);
    const some = at.map((place) => output[place]);
    near(t, some, values, 1e-5, `block ${i}`);
  });
});

test('the counters and the classifier are passed over', (t) => {
  const counters = loading.tensors.filter(([name]) => isCounter(name));
  t.is(counters.length, 20);
  t.true('fc.weight' in tensors);
  const { 'fc.weight': _, 'fc.bias': __, ...without } = tensors;
  t.notThrows(() => weightsFrom(without, 'weights'));
});

function refusal(change: Record<string, Tensor | undefined>): PatchlineError | undefined {
  const changed = Object.entries({ ...tensors, ...change }).filter(([, tensor]) => tensor);
  try {
    weightsFrom(Object.fromEntries(changed) as Record<string, Tensor>, 'w.safetensors');
  } catch (error) {
    return error as PatchlineError;
  }
  return undefined;
}

const REFUSALS: [string, Record<string, Tensor | undefined>, RegExp][] = [
  [
    'missing',
    { 'layer3.0.downsample.0.weight': undefined },
    /^w\.safetensors: 'layer3\.0\.downsample\.0\.weight' \[256, 128, 1, 1\] is missing$/,
  ],
  [
    'misshapen',
    { 'conv1.weight': { shape: [64, 1, 7, 7], data: new Float32Array(3136) } },
    /'conv1\.weight' has shape \[64, 1, 7, 7\], expected \[64, 3, 7, 7\]/,
  ],
  [
    'of another network',
    { 'layer1.2.conv1.weight': { shape: [1], data: new Float32Array(1) } },
    /'layer1\.2\.conv1\.weight' is no tensor of a ResNet-18/,
  ],
  [
    'not finite',
    { 'bn1.running_var': { shape: [64], data: new Float32Array(64).fill(Number.NaN) } },
    /'bn1\.running_var' holds a number that is not finite/,
  ],
];

for (const [what, change, message] of REFUSALS) {
  test(`a tensor that is ${what} is refused by its name`, (t) => {
    const error = refusal(change);
    t.like(error, { code: 'PL_WEIGHTS', disposition: 'usage' });
    t.regex(error?.message ?? '', message);
  });
}

test('of many wrong tensors five are named', (t) => {
  const none = Object.fromEntries(Object.keys(tensors).map((name) => [name, undefined]));
  t.regex(refusal(none)?.message ?? '', /; and 95 more$/); // 20 convolutions of 5 tensors
});
