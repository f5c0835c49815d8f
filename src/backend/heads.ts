/** What a view makes of embeddings, as tensor operations that are fast on wasm. */
import * as tf from '@tensorflow/tfjs-core';
import { centreMap } from './centres.js';
import type { LinearMap, ViewRequest } from './encoder.js';

/** A convolution with bias. */
export interface Weights {
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
  readonly stride: number;
}

export function convolve(
  x: tf.Tensor4D,
  { filter, bias, stride: strides }: Weights,
  activation: 'linear' | 'relu' = 'linear',
): tf.Tensor4D {
  return tf.fused.conv2d({ x, filter, bias, strides, pad: 'valid', activation });
}

/** Numbers of each cell [tiles, rows, cols, numbers], and the index of its nearest centre. */
export type Readings = {
  readonly values: tf.Tensor;
  readonly nearest?: tf.Tensor;
};

/** The head of one view. Holds its weights on the back end until `dispose`. */
export class Head {
  readonly #request: ViewRequest;
  readonly #whiten: Weights | undefined;
  /** z → 2·z·c − |c|² of each centre c: |z|² less the squared distance. */
  readonly #centres: Weights | undefined;

  constructor(request: ViewRequest) {
    const { dim, whiten, want } = request;
    this.#request = request;
    this.#whiten = whiten && weightsOf(whiten);
    this.#centres = 'centres' in want ? weightsOf(centreMap(want.centres, dim)) : undefined;
  }

  get request(): ViewRequest {
    return this.#request;
  }

  /** What the view wants of embeddings [tiles, rows, cols, dim]. */
  read(embeddings: tf.Tensor4D): Readings {
    const z = this.#whiten === undefined ? embeddings : convolve(embeddings, this.#whiten);
    if (this.#request.want.kind === 'embedding') return { values: z };
    const norms = tf.sum(tf.square(z), 3, true);
    if (this.#centres === undefined) return { values: norms };
    const closeness = convolve(z, this.#centres);
    if (this.#request.want.kind === 'squaredDistances') return { values: tf.sub(norms, closeness) };
    return { values: tf.sub(norms, highest(closeness)), nearest: tf.argMax(closeness, 3) };
  }

  dispose(): void {
    for (const weights of [this.#whiten, this.#centres]) {
      if (weights !== undefined) tf.dispose([weights.filter, weights.bias]);
    }
  }
}

function weightsOf({ inputs, outputs, weights, bias }: LinearMap): Weights {
  const filter = tf.tensor4d(weights, [1, 1, inputs, outputs]);
  return { filter, bias: tf.tensor1d(bias), stride: 1 };
}

/** Channels that wasm pools at full speed. */
const LANES = 16;

/** The highest value of each cell [n, rows, cols, count] → [n, rows, cols, 1]. */
function highest(x: tf.Tensor4D): tf.Tensor4D {
  const [n, rows, cols, count] = x.shape;
  if (count % LANES !== 0) return tf.max(x, 3, true);
  // Pooling compares 16 channels at a time, where wasm's maximum takes one number after the other.
  const runs = count / LANES;
  const lanes: tf.Tensor4D = tf.reshape(x, [1, n * rows * cols, runs, LANES]);
  const best = tf.maxPool(lanes, [1, runs], [1, runs], 'valid');
  return tf.reshape(tf.max(best, 3), [n, rows, cols, 1]);
}
