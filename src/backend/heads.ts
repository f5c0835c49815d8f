/** What a view makes of embeddings, as tensor operations that are fast on wasm. */
import * as tf from '@tensorflow/tfjs-core';
import { centreMap } from './centres.js';
import type { LinearMap, NearestWant, ViewRequest } from './encoder.js';

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

/** The head of one view. Holds its weights on the back end until `dispose`. */
export class Head {
  readonly #request: ViewRequest;
  readonly #whiten: Weights | undefined;
  /** z → 2·z·c − |c|² of each centre c: |z|² less the squared distance. */
  readonly #centres: Weights | undefined;
  readonly #scores: ScoreTables | undefined;

  constructor(request: ViewRequest) {
    const { dim, whiten, want } = request;
    this.#request = request;
    this.#whiten = whiten && weightsOf(whiten);
    this.#centres = 'centres' in want ? weightsOf(centreMap(want.centres, dim)) : undefined;
    this.#scores = want.kind === 'nearest' ? tablesOf(want) : undefined;
  }

  get request(): ViewRequest {
    return this.#request;
  }

  /** What the view wants of embeddings [tiles, rows, cols, dim]: [tiles, rows, cols, numbers]. */
  read(embeddings: tf.Tensor4D): tf.Tensor {
    const z = this.#whiten === undefined ? embeddings : convolve(embeddings, this.#whiten);
    if (this.#request.want.kind === 'embedding') return z;
    const norms = tf.sum(tf.square(z), 3, true);
    if (this.#centres === undefined) return norms;
    const closeness = convolve(z, this.#centres);
    if (this.#scores === undefined) return tf.sub(norms, closeness);
    const distances = tf.sqrt(tf.relu(tf.sub(norms, highest(closeness)))); // rounding: below 0
    const nearest = tf.expandDims<tf.Tensor4D>(tf.argMax(closeness, 3), 3);
    const { slope, intercept } = this.#scores;
    return tf.add(tf.mul(distances, tf.gather(slope, nearest)), tf.gather(intercept, nearest));
  }

  dispose(): void {
    for (const weights of [this.#whiten, this.#centres]) {
      if (weights !== undefined) tf.dispose([weights.filter, weights.bias]);
    }
    if (this.#scores !== undefined) tf.dispose([this.#scores.slope, this.#scores.intercept]);
  }
}

/** How a centre's distance becomes a score. */
interface ScoreTables {
  readonly slope: tf.Tensor1D;
  readonly intercept: tf.Tensor1D;
}

function tablesOf({ slope, intercept }: NearestWant): ScoreTables {
  return { slope: tf.tensor1d(slope), intercept: tf.tensor1d(intercept) };
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
