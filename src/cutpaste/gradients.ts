/**
 * Forward and backward passes of the encoder's layers as tensor operations. The gradients are
 * written out because tfjs-wasm lacks the kernel of the filter gradient and is slow at the input
 * gradient, at broadcasting and at reducing outer axes; as convolutions and poolings all of it runs
 * at full speed on every back end.
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

/**
 * ∂loss/∂x: ∂x[s·q + p] = Σₜ filter[p + s·t]·dy[q − t], so each of the s×s phases p of the input is
 * a convolution of dy with every s-th tap of the filter. All phases are channels of one convolution,
 * which are then spread over the pixels. → shape of x
 */
export function inputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  stride: number,
  inputShape: readonly [number, number, number, number],
): tf.Tensor4D {
  return tf.tidy(() => {
    const phases = phaseFilter(filter, stride);
    const x = tf.conv2d(dy, phases, 1, phases.shape[0] - 1); // [n, q, q', s·s·i]
    return stride === 1 ? x : fitTo(spread(x, stride), inputShape);
  });
}

/** The taps of each phase, turned: [k, k, i, o] → [⌈k/s⌉, ⌈k/s⌉, o, s·s·i]. */
function phaseFilter(filter: tf.Tensor4D, s: number): tf.Tensor4D {
  const [kernel, , inputs, outputs] = filter.shape;
  const taps = Math.ceil(kernel / s);
  const last = taps - 1;
  const out = tf.buffer([taps, taps, outputs, s * s * inputs]);
  const values = filter.dataSync();
  let at = 0;
  for (let y = 0; y < kernel; y++) {
    for (let x = 0; x < kernel; x++) {
      const row = last - Math.floor(y / s);
      const col = last - Math.floor(x / s);
      const phase = (y % s) * s + (x % s);
      for (let i = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++) {
          out.values[((row * taps + col) * outputs + o) * s * s * inputs + phase * inputs + i] =
            values[at++];
        }
      }
    }
  }
  return out.toTensor() as tf.Tensor4D;
}

/** Puts the phases where they belong: [n, q, q', (p, p', i)] → [n, (q, p), (q', p'), i]. */
function spread(x: tf.Tensor4D, s: number): tf.Tensor4D {
  const [n, rows, cols, depth] = x.shape;
  const apart = tf.transpose(tf.reshape(x, [n * rows, cols, s, depth / s]), [0, 2, 1, 3]);
  return tf.reshape(apart, [n, rows * s, cols * s, depth / (s * s)]);
}

/** Cuts rows and columns that the input lacks; adds zeros for those that no window reached. */
function fitTo(
  x: tf.Tensor4D,
  [n, height, width, channels]: readonly [number, number, number, number],
): tf.Tensor4D {
  const rows = Math.min(height, x.shape[1]);
  const run = Math.min(width, x.shape[2]) * channels;
  const lines = tf.reshape(x, [n, x.shape[1], x.shape[2] * channels]); // wasm copies whole lines fast
  const cut = tf.slice(lines, [0, 0, 0], [n, rows, run]);
  const whole = tf.pad(cut, [
    [0, 0],
    [0, height - rows],
    [0, width * channels - run],
  ]);
  return tf.reshape(whole, [n, height, width, channels]);
}

/** x·scale + shift with a number of each a channel: a depthwise convolution of one tap. */
export function affine(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  activation: 'linear' | 'relu' = 'linear',
): tf.Tensor4D {
  const filter: tf.Tensor4D = tf.reshape(scale, [1, 1, scale.size, 1]);
  return tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'valid', bias: shift, activation });
}

/** Mean over all positions, per channel: over each image, then over the images. */
export function channelMeans(x: tf.Tensor4D): tf.Tensor1D {
  return tf.tidy(() => {
    const [n, height, width, channels] = x.shape;
    const byImage = tf.avgPool(x, [height, width], 1, 'valid');
    const column: tf.Tensor4D = tf.reshape(byImage, [1, n, 1, channels]);
    return tf.reshape(tf.avgPool(column, [n, 1], 1, 'valid'), [channels]);
  });
}

export interface Moments {
  readonly mean: tf.Tensor1D;
  /** Biased: divided by the number of positions. */
  readonly variance: tf.Tensor1D;
  /** z less its mean. */
  readonly centred: tf.Tensor4D;
}

/** Moments of each channel over the batch. In two passes: E z² − (E z)² cancels where the mean is large. */
export function channelMoments(z: tf.Tensor4D): Moments {
  return tf.tidy(() => {
    const mean = channelMeans(z);
    const centred = affine(z, tf.onesLike(mean), tf.neg(mean));
    return { mean, variance: channelMeans(tf.square(centred)), centred };
  });
}

/** What batch normalisation remembers of the forward pass for the backward pass. */
export interface Normalised {
  /** scale·centred·inverse + shift, and max(0, …) of it where a ReLU follows. */
  readonly output: tf.Tensor4D;
  /** z less its mean. */
  readonly centred: tf.Tensor4D;
  /** 1/√(variance + ε) */
  readonly inverse: tf.Tensor1D;
}

/** Batch normalisation by the batch's own moments (Ioffe & Szegedy 2015), then the activation. */
export function normalise(
  z: tf.Tensor4D,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  activation: 'linear' | 'relu' = 'relu',
): Normalised {
  return tf.tidy(() => {
    const { variance, centred } = channelMoments(z);
    const inverse: tf.Tensor1D = tf.rsqrt(tf.add(variance, NORMALISATION_EPSILON));
    return { output: affine(centred, tf.mul(scale, inverse), shift, activation), centred, inverse };
  });
}

export interface NormaliseGradients {
  readonly z: tf.Tensor4D;
  readonly scale: tf.Tensor1D;
  readonly shift: tf.Tensor1D;
}

/**
 * With u = z − m, x̂ = u/σ, N positions, and g the gradient of the output (where that is positive,
 * if a ReLU follows):
 * ∂shift = Σg, ∂scale = Σg·x̂, ∂z = scale/σ · (g − ∂shift/N − x̂·∂scale/N).
 */
export function normaliseGradient(
  { output, centred, inverse }: Normalised,
  scale: tf.Tensor1D,
  dOutput: tf.Tensor4D,
  activation: 'linear' | 'relu' = 'relu',
): NormaliseGradients {
  return tf.tidy(() => {
    const positions = centred.size / scale.size;
    const g: tf.Tensor4D = activation === 'relu' ? tf.mul(dOutput, tf.step(output)) : dOutput;
    const mean = channelMeans(g);
    const slope: tf.Tensor1D = tf.mul(channelMeans(tf.mul(g, centred)), inverse); // ∂scale/N
    const gain: tf.Tensor1D = tf.mul(scale, inverse);
    const fromG = affine(g, gain, tf.neg(tf.mul(gain, mean)));
    const byU: tf.Tensor1D = tf.neg(tf.mul(tf.mul(gain, inverse), slope));
    const dScale: tf.Tensor1D = tf.mul(slope, positions);
    const dShift: tf.Tensor1D = tf.mul(mean, positions);
    const dz: tf.Tensor4D = tf.add(fromG, affine(centred, byU, tf.zerosLike(byU)));
    return { z: dz, scale: dScale, shift: dShift };
  });
}
