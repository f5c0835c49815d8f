/**
 * Forward and backward passes of the encoder's layers as tensor operations. The gradients are
 * written out because tfjs-wasm lacks the kernel of the filter gradient and is slow at the input
 * gradient; as forward convolutions both run at full speed on every back end.
 */
import * as tf from '@tensorflow/tfjs-core';
import { NORMALISATION_EPSILON } from './network.js';

/** Valid convolution. x [n, h, w, i], filter [k, k, i, o] → [n, h', w', o]. */
export function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, stride: number): tf.Tensor4D {
  return tf.conv2d(x, filter, stride, 'valid');
}

/**
 * ∂loss/∂filter as a convolution of its own: images become channels, the output gradient becomes
 * the filter, and the stride becomes dilation. → [k, k, i, o]
 */
export function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  stride: number,
  kernel: number,
): tf.Tensor4D {
  return tf.tidy(() => {
    const images: tf.Tensor4D = tf.transpose(x, [3, 1, 2, 0]); // [i, h, w, n]
    const filter: tf.Tensor4D = tf.transpose(dy, [1, 2, 0, 3]); // [h', w', n, o]
    const wide = tf.conv2d(images, filter, 1, 'valid', 'NHWC', stride); // [i, ≥k, ≥k, o]
    // Rows that no window reached (where the stride does not divide) give surplus outputs.
    const exact = tf.slice(wide, [0, 0, 0, 0], [x.shape[3], kernel, kernel, dy.shape[3]]);
    return tf.transpose(exact, [1, 2, 0, 3]);
  });
}

/** ∂loss/∂x: the gradient, spread by the stride, convolved with the turned filter. → shape of x */
export function inputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  stride: number,
  inputShape: readonly [number, number, number, number],
): tf.Tensor4D {
  return tf.tidy(() => {
    const kernel = filter.shape[0];
    const spread = stride === 1 ? dy : spreadByStride(dy, stride); // [n, s(h'−1)+1, …, o]
    const before = kernel - 1;
    const padded = tf.pad(spread, [
      [0, 0],
      [before, inputShape[1] - spread.shape[1]],
      [before, inputShape[2] - spread.shape[2]],
      [0, 0],
    ]);
    const turned: tf.Tensor4D = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    return tf.conv2d(padded as tf.Tensor4D, turned, 1, 'valid');
  });
}

/** Puts `stride − 1` zeros between neighbours: two paddings of a reshaped tensor. */
function spreadByStride(dy: tf.Tensor4D, stride: number): tf.Tensor4D {
  const [n, h, w, o] = dy.shape;
  const gap = stride - 1;
  const columns = tf.pad(tf.reshape(dy, [n * h * w, 1, o]), [
    [0, 0],
    [0, gap],
    [0, 0],
  ]);
  const rows = tf.pad(tf.reshape(columns, [n * h, 1, w * stride * o]), [
    [0, 0],
    [0, gap],
    [0, 0],
  ]);
  const grid: tf.Tensor4D = tf.reshape(rows, [n, h * stride, w * stride, o]);
  return tf.slice(grid, [0, 0, 0, 0], [n, (h - 1) * stride + 1, (w - 1) * stride + 1, o]);
}

/** Sum over all positions, per channel. A product with ones, since wasm reduces only inner axes. */
export function channelSums(x: tf.Tensor4D): tf.Tensor1D {
  return tf.tidy(() => {
    const channels = x.shape[3];
    const positions = x.size / channels;
    const sums = tf.matMul(tf.ones([1, positions]), tf.reshape(x, [positions, channels]));
    return tf.reshape(sums, [channels]);
  });
}

/** Mean and (biased) variance of each channel over the batch. */
export function channelMoments(z: tf.Tensor4D): { mean: tf.Tensor1D; variance: tf.Tensor1D } {
  return tf.tidy(() => {
    const positions = z.size / z.shape[3];
    const mean: tf.Tensor1D = tf.div(channelSums(z), positions);
    const square = tf.div(channelSums(tf.square(z)), positions);
    const variance: tf.Tensor1D = tf.relu(tf.sub(square, tf.square(mean)));
    return { mean, variance };
  });
}

export interface Normalised {
  readonly y: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/** Batch normalisation by the batch's own moments (Ioffe & Szegedy 2015). */
export function normalise(z: tf.Tensor4D, scale: tf.Tensor1D, shift: tf.Tensor1D): Normalised {
  return tf.tidy(() => {
    const { mean, variance } = channelMoments(z);
    const y = tf.batchNorm4d(z, mean, variance, shift, scale, NORMALISATION_EPSILON);
    return { y, mean, variance };
  });
}

export interface NormaliseGradients {
  readonly z: tf.Tensor4D;
  readonly scale: tf.Tensor1D;
  readonly shift: tf.Tensor1D;
}

/**
 * With x̂ = (z − m)/σ, N positions and gradient g of y:
 * ∂shift = Σg, ∂scale = Σg·x̂, ∂z = scale/σ · (g − ∂shift/N − x̂·∂scale/N),
 * written as ∂z = a·g + b·z + c with one a, b, c a channel.
 */
export function normaliseGradient(
  z: tf.Tensor4D,
  moments: { readonly mean: tf.Tensor1D; readonly variance: tf.Tensor1D },
  scale: tf.Tensor1D,
  dy: tf.Tensor4D,
): NormaliseGradients {
  return tf.tidy(() => {
    const positions = z.size / z.shape[3];
    const inverse = tf.rsqrt(tf.add(moments.variance, NORMALISATION_EPSILON)); // 1/σ
    const dShift = channelSums(dy);
    const dotZ = channelSums(tf.mul(dy, z));
    const dScale: tf.Tensor1D = tf.mul(tf.sub(dotZ, tf.mul(moments.mean, dShift)), inverse);
    const a = tf.mul(scale, inverse);
    const b = tf.neg(tf.div(tf.mul(tf.mul(a, inverse), dScale), positions));
    const c = tf.neg(tf.add(tf.div(tf.mul(a, dShift), positions), tf.mul(b, moments.mean)));
    const dz: tf.Tensor4D = tf.add(tf.mul(dy, a), tf.add(tf.mul(z, b), c));
    return { z: dz, scale: dScale, shift: dShift };
  });
}
