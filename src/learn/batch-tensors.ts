/** Good images as tensors, a few at a time: what normalisation is folded on. */
import * as tf from '@tensorflow/tfjs-core';
import type { Pixels } from '../frame/pixels.js';
import type { Normalisation } from '../model/manifest.js';

const BATCH = 8;

/** Normalised images of one size, eight a tensor. → each [n, height, width, 3] */
export function batchTensors(
  images: readonly Pixels[],
  normalisation: Normalisation,
): tf.Tensor4D[] {
  const batches: tf.Tensor4D[] = [];
  for (let from = 0; from < images.length; from += BATCH) {
    batches.push(batchTensor(images.slice(from, from + BATCH), normalisation));
  }
  return batches;
}

function batchTensor(images: readonly Pixels[], { mean, deviation }: Normalisation): tf.Tensor4D {
  const { width, height } = images[0];
  const size = width * height * 3;
  const values = new Float32Array(images.length * size);
  images.forEach(({ data }, n) => {
    for (let i = 0; i < size; i++) {
      values[n * size + i] = (data[i] / 255 - mean[i % 3]) / deviation[i % 3];
    }
  });
  return tf.tensor4d(values, [images.length, height, width, 3]);
}
