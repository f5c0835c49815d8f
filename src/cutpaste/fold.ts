/**
 * From training to inference: each layer's normalisation is estimated anew on good frames, layer by
 * layer, and folded into its convolution. The untrained control goes the same way.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Normalisation } from '../model/manifest.js';
import { channelMoments, convolve } from './gradients.js';
import {
  type FoldedLayer,
  type FoldedNetwork,
  foldLayer,
  type TrainableNetwork,
} from './network.js';

/**
 * Folds a network for inference. The moments of a layer are taken over all `batches` of good frames
 * at once, each already normalised by the folded layers before it.
 *
 * @param batches normalised frames [n, h, w, 3], all of one size; consumed (disposed)
 */
export function foldNetwork(network: TrainableNetwork, batches: tf.Tensor4D[]): FoldedNetwork {
  let inputs = 3;
  let flows = batches;
  return network.map((layer) => {
    const shape: [number, number, number, number] = [
      layer.kernel,
      layer.kernel,
      inputs,
      layer.channels,
    ];
    inputs = layer.channels;
    const folded = foldLayer(
      layer,
      momentsOver(flows, tf.tensor4d(layer.filter, shape), layer.stride),
    );
    const filter = tf.tensor4d(folded.filter, shape);
    const next = flows.map((x) =>
      tf.tidy(() => tf.relu(tf.add(convolve(x, filter, layer.stride), folded.bias)) as tf.Tensor4D),
    );
    tf.dispose([flows, filter]);
    flows = next;
    return folded;
  });
}

/** Mean of the batches' means and of their second moments: equal batches weigh the same. */
function momentsOver(batches: readonly tf.Tensor4D[], filter: tf.Tensor4D, stride: number) {
  const channels = filter.shape[3];
  const mean = new Float64Array(channels);
  const square = new Float64Array(channels);
  for (const batch of batches) {
    tf.tidy(() => {
      const moments = channelMoments(convolve(batch, filter, stride));
      const m = moments.mean.dataSync();
      const v = moments.variance.dataSync();
      for (let c = 0; c < channels; c++) {
        mean[c] += m[c] / batches.length;
        square[c] += (v[c] + m[c] * m[c]) / batches.length;
      }
    });
  }
  filter.dispose();
  return {
    mean: Float32Array.from(mean),
    variance: Float32Array.from(square, (s, c) => Math.max(0, s - mean[c] * mean[c])),
  };
}

/**
 * Folds the scaling of 8-bit pixels into the first layer, so that inference takes bytes as they
 * are: (x/255 − mean)/deviation. Exact, since no layer pads.
 */
export function foldInput(network: FoldedNetwork, normalisation: Normalisation): FoldedNetwork {
  const [first, ...rest] = network;
  const { channels } = first;
  const filter = new Float32Array(first.filter.length);
  const bias = Float64Array.from(first.bias);
  for (let i = 0; i < filter.length; i++) {
    const colour = Math.floor(i / channels) % 3;
    const weight = first.filter[i] / normalisation.deviation[colour];
    filter[i] = weight / 255;
    bias[i % channels] -= weight * normalisation.mean[colour];
  }
  const folded: FoldedLayer = { ...first, filter, bias: Float32Array.from(bias) };
  return [folded, ...rest];
}
