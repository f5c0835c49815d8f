/** The projection head: a hidden layer and the logits of the proxy classes; dropped after training. */
import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../random.js';
import { channelMeans } from './gradients.js';
import type { Parameters } from './parameters.js';

/** Width of the hidden layer (the paper states neither depth nor width). */
const WIDTH = 128;

export type Weights = ReadonlyMap<string, tf.Tensor>;

export interface HeadTrace {
  readonly input: tf.Tensor2D; // [positions, inputs]
  readonly hidden: tf.Tensor2D; // [positions, 128], after ReLU
  readonly logits: tf.Tensor2D; // [positions, classes]
}

/** Seeded weights, uniform within ±1/√inputs; biases 0. */
export function addHead(to: Parameters, inputs: number, classes: number, seed: number): void {
  addDense(to, 'head0', inputs, WIDTH, Random.for(seed, 'head', 0));
  addDense(to, 'head1', WIDTH, classes, Random.for(seed, 'head', 1));
}

function addDense(to: Parameters, name: string, inputs: number, outputs: number, random: Random) {
  const bound = 1 / Math.sqrt(inputs);
  const weight = Float32Array.from({ length: inputs * outputs }, () =>
    random.uniform(-bound, bound),
  );
  to.add(`${name}.weight`, [inputs, outputs], weight);
  to.add(`${name}.bias`, [outputs], new Float32Array(outputs));
}

/** @param features [n, h, w, inputs] */
export function headForward(weights: Weights, features: tf.Tensor4D): HeadTrace {
  const width = features.shape[3];
  const input: tf.Tensor2D = tf.reshape(features, [features.size / width, width]);
  const hidden = dense(weights, 'head0', input, 'relu');
  return { input, hidden, logits: dense(weights, 'head1', hidden, 'linear') };
}

/** Adds the gradients of the head's weights to `out`. → gradient of the input, [positions, inputs] */
export function headBackward(
  weights: Weights,
  { input, hidden }: HeadTrace,
  dLogits: tf.Tensor2D,
  out: Map<string, tf.Tensor>,
): tf.Tensor2D {
  const dHidden = denseBackward(weights, 'head1', hidden, dLogits, out);
  return denseBackward(weights, 'head0', input, tf.mul(dHidden, tf.step(hidden)), out);
}

function dense(
  weights: Weights,
  name: string,
  a: tf.Tensor2D,
  activation: 'linear' | 'relu',
): tf.Tensor2D {
  const b = weights.get(`${name}.weight`) as tf.Tensor2D;
  const bias = weights.get(`${name}.bias`) as tf.Tensor1D;
  return tf.fused.matMul({ a, b, bias, activation }) as tf.Tensor2D;
}

function denseBackward(
  weights: Weights,
  name: string,
  x: tf.Tensor2D,
  dy: tf.Tensor2D,
  out: Map<string, tf.Tensor>,
): tf.Tensor2D {
  const [positions, outputs] = dy.shape;
  out.set(`${name}.weight`, tf.matMul(tf.transpose(x), dy));
  const mean = channelMeans(tf.reshape(dy, [1, positions, 1, outputs]));
  out.set(`${name}.bias`, tf.mul(mean, positions));
  return tf.matMul(dy, tf.transpose(weights.get(`${name}.weight`) as tf.Tensor2D));
}
