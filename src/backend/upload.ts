import * as tf from '@tensorflow/tfjs-core';

/** How pixels get onto the back end: bytes → the same numbers as float32. Both [n, h, w, 3]. */
export type Upload = (
  bytes: Uint8Array,
  shape: [n: number, height: number, width: number, channels: 3],
) => tf.Tensor4D;

/** Converted here, where the back end takes nothing smaller: four bytes a number. */
export const uploadFloats: Upload = (bytes, shape) => tf.tensor4d(new Float32Array(bytes), shape);
