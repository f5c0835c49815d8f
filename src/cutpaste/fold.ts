/**
 * From training to inference: each layer's normalisation is estimated anew on good frames, layer by
 * layer, and folded into its convolution. The untrained control goes the same way.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Normalisation } from '../model/manifest.js';
import { affine, channelMoments, convolve } from './gradients.js';
import {
  type ChannelMoments,
  type FoldedLayer,
  type FoldedNetwork,
  foldLayer,
  normalisationMap,
  type TrainableLayer,
  type TrainableNetwork,
} from './network.js';

/**
 * Folds a network for inference. The moments of a layer are taken over all `batches` of good frames
 * at once, as the folded layers before it see them.
 *
 * @param batches normalised frames [n, h, w, 3]; consumed (disposed)
 */
export function foldNetwork(network: TrainableNetwork, batches: tf.Tensor4D[]): FoldedNetwork {
  let inputs = 3;
  let flows = batches;
  const folded = network.map((layer) => {
    const outputs = convolveAll(layer, inputs, flows);
    const moments = momentsOf(outputs);
    flows = normaliseAll(layer, moments, outputs);
    inputs = layer.channels;
    return foldLayer(layer, moments);
  });
  tf.dispose(flows);
  return folded;
}

/** Consumes `flows`. */
function convolveAll(layer: TrainableLayer, inputs: number, flows: tf.Tensor4D[]): tf.Tensor4D[] {
  const { kernel, channels, stride } = layer;
  const filter = tf.tensor4d(layer.filter, [kernel, kernel, inputs, channels]);
  const outputs = flows.map((x) => convolve(x, filter, stride));
  tf.dispose([filter, ...flows]);
  return outputs;
}

/** Consumes `outputs`. */
function normaliseAll(
  layer: TrainableLayer,
  moments: ChannelMoments,
  outputs: tf.Tensor4D[],
): tf.Tensor4D[] {
  const { gain, bias } = normalisationMap(layer, moments);
  const flows = outputs.map((z) =>
    tf.tidy(() => affine(z, tf.tensor1d(gain), tf.tensor1d(bias), 'relu')),
  );
  tf.dispose(outputs);
  return flows;
}

/** Moments over all positions of all batches, from those of each. */
export function momentsOf(outputs: readonly tf.Tensor4D[]): ChannelMoments {
  const channels = outputs[0].shape[3];
  const total = outputs.reduce((n, z) => n + z.size, 0);
  const mean = new Float64Array(channels);
  const square = new Float64Array(channels);
  for (const z of outputs) {
    tf.tidy(() => {
      const moments = channelMoments(z);
      const m = moments.mean.dataSync();
      const v = moments.variance.dataSync();
      for (let c = 0; c < channels; c++) {
        mean[c] += (m[c] * z.size) / total;
        square[c] += ((v[c] + m[c] * m[c]) * z.size) / total;
      }
    });
  }
  const variance = Float32Array.from(square, (s, c) => Math.max(0, s - mean[c] * mean[c]));
  return { mean: Float32Array.from(mean), variance };
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
