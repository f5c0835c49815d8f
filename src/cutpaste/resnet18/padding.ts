import * as tf from '@tensorflow/tfjs-core';

/** Zeros on all four sides: [n, h, w, c] → [n, h + 2·by, w + 2·by, c]. */
export function padImages(x: tf.Tensor4D, by: number): tf.Tensor4D {
  return by === 0
    ? x
    : tf.pad4d(x, [
        [0, 0],
        [by, by],
        [by, by],
        [0, 0],
      ]);
}

/** The inverse: also the way back of a gradient through `padImages`. */
export function cropImages(x: tf.Tensor4D, by: number): tf.Tensor4D {
  if (by === 0) return x;
  const [n, height, width, channels] = x.shape;
  const lines = tf.reshape(x, [n, height, width * channels]); // wasm copies whole lines fast
  const [rows, cols] = [height - 2 * by, width - 2 * by];
  const inner = tf.slice(lines, [0, by, by * channels], [n, rows, cols * channels]);
  return tf.reshape(inner, [n, rows, cols, channels]);
}
