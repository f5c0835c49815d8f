/** The hand-made views as tensors, for a GPU, from the pixels that are on it already: see walsh.ts. */
import * as tf from '@tensorflow/tfjs-core';
import { CHANNELS } from '../frame/block-sums.js';
import {
  EDGES,
  EXTREME_SCALES,
  type Filter,
  GREYS,
  meanScales,
  multiplied,
  walsh,
  withoutFirst,
} from './walsh.js';

/** Areas of one size, [n, rows, cols, 6] each. */
interface Areas {
  readonly sums: tf.Tensor4D;
  readonly spreads: tf.Tensor4D;
}

/**
 * @param pixels [n, h, w, 3], 0 … 255
 * @returns the statistics of windows of 8 and 16 px, each [n, rows, cols, 14] as in frame/statistics.ts
 */
export function statisticsTensors(pixels: tf.Tensor4D): Readonly<Record<8 | 16, tf.Tensor4D>> {
  const greys = convolve(pixels, GREYS);
  const edges = tf.abs<tf.Tensor4D>(each(tf.mirrorPad(greys, BORDER, 'symmetric'), EDGES));
  const blocks = areas(tf.concat([pixels, edges], 3), 4, 1, 4);
  const of8 = grown(blocks, 1);
  const of16 = grown(of8, 2);
  const extremes = highest(greys, 4, 4);
  return {
    8: describe(of8, highest(extremes, 2, 1), 8),
    16: describe(of16, highest(extremes, 4, 1), 16),
  };
}

const BORDER: [number, number][] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

/** Sums, and spreads but for what the parts spread by themselves. */
function areas(parts: tf.Tensor4D, side: number, step: number, stride: number): Areas {
  const channels = parts.shape[3];
  const coefficients = each(parts, walsh(channels, side, step), stride);
  const spreads = convolve(tf.square(coefficients), withoutFirst(channels, side));
  const [n, rows, cols] = coefficients.shape;
  const end = [n, rows, cols, CHANNELS * side * side];
  const sums = tf.stridedSlice(coefficients, [0, 0, 0, 0], end, [1, 1, 1, side * side]);
  return { sums: sums as tf.Tensor4D, spreads };
}

/** Each area of twice the side, in the steps of `parts`: each of four that tile it, `step` apart. */
function grown(parts: Areas, step: number): Areas {
  const { sums, spreads } = areas(parts.sums, 2, step, 1);
  return { sums, spreads: tf.add(spreads, each(parts.spreads, multiplied(2, step))) };
}

/** Means, deviations, smallest and largest grey, on the scale 0..1. */
function describe({ sums, spreads }: Areas, extremes: tf.Tensor4D, side: number): tf.Tensor4D {
  const scales = tf.tensor1d(meanScales(side));
  const scaled = [tf.mul(sums, scales), tf.mul(tf.sqrt(spreads), scales)] as tf.Tensor4D[];
  return tf.concat([...scaled, tf.mul<tf.Tensor4D>(extremes, tf.tensor1d(EXTREME_SCALES))], 3);
}

function convolve(x: tf.Tensor4D, filter: Filter): tf.Tensor4D {
  return tf.conv2d(x, tf.tensor4d(filter.data, filter.shape), 1, 'valid');
}

/** Each channel convolved by itself. */
function each(x: tf.Tensor4D, filter: Filter, stride = 1): tf.Tensor4D {
  return tf.depthwiseConv2d(x, tf.tensor4d(filter.data, filter.shape), stride, 'valid');
}

/** The highest of side × side places. */
function highest(x: tf.Tensor4D, side: number, stride: number): tf.Tensor4D {
  return tf.maxPool(x, side, stride, 'valid');
}
