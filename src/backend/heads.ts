/** What a view makes of embeddings, as tensor operations that are fast on wasm. */
import * as tf from '@tensorflow/tfjs-core';
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

/** Numbers of each cell [tiles, rows, cols], `width` of them. */
export interface Reading {
  readonly tensor: tf.Tensor;
  readonly width: number;
}

/** The head of one view. Holds its weights on the back end until `dispose`. */
export class Head {
  /** Numbers of a cell in `values`. */
  readonly width: number;
  readonly #request: ViewRequest;
  readonly #whiten: Weights | undefined;
  /** z → 2·z·c − |c|² of each centre c: |z|² less the squared distance. */
  readonly #centres: Weights | undefined;

  constructor(request: ViewRequest) {
    const { dim, whiten, want } = request;
    this.#request = request;
    this.#whiten = whiten && weightsOf(whiten);
    this.#centres = 'centres' in want ? weightsOf(centreMap(want.centres, dim)) : undefined;
    this.width = widthOf(request);
  }

  get request(): ViewRequest {
    return this.#request;
  }

  /** What the view wants of embeddings [tiles, rows, cols, dim]. */
  read(embeddings: tf.Tensor4D): { readonly values: Reading; readonly nearest?: Reading } {
    const z = this.#whiten === undefined ? embeddings : convolve(embeddings, this.#whiten);
    const { width } = this;
    if (this.#request.want.kind === 'embedding') return { values: { tensor: z, width } };
    const norms = tf.sum(tf.square(z), 3, true);
    if (this.#centres === undefined) return { values: { tensor: norms, width } };
    const closeness = convolve(z, this.#centres);
    if (this.#request.want.kind === 'squaredDistances') {
      return { values: { tensor: tf.sub(norms, closeness), width } };
    }
    return {
      values: { tensor: tf.sub(norms, highest(closeness)), width },
      nearest: { tensor: tf.argMax(closeness, 3), width: 1 },
    };
  }

  dispose(): void {
    for (const weights of [this.#whiten, this.#centres]) {
      if (weights !== undefined) tf.dispose([weights.filter, weights.bias]);
    }
  }
}

function widthOf({ dim, want }: ViewRequest): number {
  if (want.kind === 'embedding') return dim;
  return want.kind === 'squaredDistances' ? want.centres.length / dim : 1;
}

function weightsOf({ inputs, outputs, weights, bias }: LinearMap): Weights {
  const filter = tf.tensor4d(weights, [1, 1, inputs, outputs]);
  return { filter, bias: tf.tensor1d(bias), stride: 1 };
}

/** |z|² − |z − c|² = 2·z·c − |c|² as a linear map of z. */
function centreMap(centres: Float32Array, dim: number): LinearMap {
  const count = centres.length / dim;
  const weights = new Float32Array(centres.length); // [dim, count]
  const bias = new Float64Array(count);
  for (let c = 0; c < count; c++) {
    for (let d = 0; d < dim; d++) {
      const value = centres[c * dim + d];
      weights[d * count + c] = 2 * value;
      bias[c] -= value * value;
    }
  }
  return { inputs: dim, outputs: count, weights, bias: Float32Array.from(bias) };
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
