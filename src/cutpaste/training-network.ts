/** A network as the trainer sees it, and the patch encoder as one. */
import type * as tf from '@tensorflow/tfjs-core';
import { convolve } from './gradients.js';
import type { Weights } from './head.js';
import { initialNetwork, type Layer, type TrainableNetwork } from './network.js';
import type { Parameters } from './parameters.js';
import type { LayerPasses, Normalised } from './passes.js';

/** Gradients by the name of their parameter. */
export type Gradients = Map<string, tf.Tensor>;

export interface ForwardPass {
  readonly output: tf.Tensor4D; // [n, h, w, features]
  /** Adds the gradients of all weights, given that of the output. Within the same `tf.tidy`. */
  backward(flow: tf.Tensor4D, out: Gradients): void;
}

export interface TrainingNetwork<Trained> {
  /** Channels of the output. */
  readonly features: number;
  addTo(parameters: Parameters): void;
  /** @param pixels normalised, [n, h, w, 3] */
  forward(passes: LayerPasses, weights: Weights, pixels: tf.Tensor4D): ForwardPass;
  /** @param read a copy of a parameter, by its name */
  trained(read: (name: string) => Float32Array): Trained;
}

/** What a layer remembers from its forward pass for its backward pass. */
interface Trace extends Normalised {
  readonly input: tf.Tensor4D;
}

/** The patch encoder (network.ts), as it is born from the seed. */
export function trainingEncoder(
  layers: readonly Layer[],
  seed: number,
): TrainingNetwork<TrainableNetwork> {
  return {
    features: layers[layers.length - 1].channels,
    addTo: (parameters) => addLayers(parameters, layers, seed),
    forward: (passes, weights, pixels) => forward(layers, passes, weights, pixels),
    trained: (read) =>
      layers.map((layer, i) => ({
        ...layer,
        filter: read(`conv${i}.filter`),
        scale: read(`conv${i}.scale`),
        shift: read(`conv${i}.shift`),
      })),
  };
}

function addLayers(parameters: Parameters, layers: readonly Layer[], seed: number): void {
  let inputs = 3;
  initialNetwork(layers, seed).forEach(({ kernel, channels, filter, scale, shift }, i) => {
    parameters.add(`conv${i}.filter`, [kernel, kernel, inputs, channels], filter);
    parameters.add(`conv${i}.scale`, [channels], scale);
    parameters.add(`conv${i}.shift`, [channels], shift);
    inputs = channels;
  });
}

function forward(
  layers: readonly Layer[],
  passes: LayerPasses,
  weights: Weights,
  pixels: tf.Tensor4D,
): ForwardPass {
  const traces: Trace[] = [];
  let input = pixels;
  layers.forEach(({ stride }, i) => {
    const { filter, scale, shift } = convolutionWeights(weights, `conv${i}`);
    const normalised = passes.normalise(convolve(input, filter, stride), scale, shift);
    traces.push({ ...normalised, input });
    input = normalised.output;
  });
  return {
    output: input,
    backward: (flow, out) => backward(layers, passes, weights, traces, flow, out),
  };
}

/** `flow` is the gradient of each layer's output, from the last layer to the first. */
function backward(
  layers: readonly Layer[],
  passes: LayerPasses,
  weights: Weights,
  traces: readonly Trace[],
  flow: tf.Tensor4D,
  out: Gradients,
): void {
  for (let i = traces.length - 1; i >= 0; i--) {
    const { input } = traces[i];
    const { kernel, stride } = layers[i];
    const { filter } = convolutionWeights(weights, `conv${i}`);
    const d = traces[i].gradient(flow);
    out.set(`conv${i}.scale`, d.scale);
    out.set(`conv${i}.shift`, d.shift);
    out.set(`conv${i}.filter`, passes.filterGradient(input, d.z, stride, kernel));
    if (i > 0) flow = passes.inputGradient(d.z, filter, stride, input.shape);
  }
}

/** The parameters of a convolution and its normalisation. */
export function convolutionWeights(weights: Weights, name: string) {
  return {
    filter: weights.get(`${name}.filter`) as tf.Tensor4D,
    scale: weights.get(`${name}.scale`) as tf.Tensor1D,
    shift: weights.get(`${name}.shift`) as tf.Tensor1D,
  };
}
