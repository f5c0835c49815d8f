/**
 * The self-supervised stage of the two-stage framework (CutPaste §2.1): the network learns to tell
 * good crops from crops with a cut and pasted part. Afterwards only the convolutions are kept; the
 * density of good patches is fitted to what they say.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Normalisation } from '../model/manifest.js';
import type { Tensor } from '../model/safetensors.js';
import { Random } from '../random.js';
import type { Batch } from './batch.js';
import {
  convolve,
  filterGradient,
  inputGradient,
  normalise,
  normaliseGradient,
} from './gradients.js';
import { crossEntropy } from './loss.js';
import { initialNetwork, type Layer, type TrainableNetwork } from './network.js';

export interface OptimiserOptions {
  /** Steps of the whole run: the cosine's length. */
  readonly steps: number;
  /** Peak learning rate. The paper: 0.03 for its ResNet-18 (A.1). */
  readonly learningRate: number;
  /** Share of the steps in which the learning rate rises linearly from 0. */
  readonly warmUp: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

export const DEFAULT_OPTIMISER: Omit<OptimiserOptions, 'steps'> = {
  learningRate: 0.05,
  warmUp: 0.05,
  momentum: 0.9,
  weightDecay: 3e-5,
};

/** Linear warm-up, then a single cosine to zero (A.1: "single-cycle cosine learning rate decay"). */
export function learningRateAt(step: number, o: OptimiserOptions): number {
  const rise = Math.min(1, (step + 1) / Math.max(1, o.warmUp * o.steps));
  return o.learningRate * rise * 0.5 * (1 + Math.cos((Math.PI * step) / o.steps));
}

/** Width of the projection head's hidden layer (the paper states neither depth nor width). */
const HEAD_WIDTH = 128;

export interface StepResult {
  readonly loss: number;
  readonly accuracy: number;
}

/** What a layer remembers from its forward pass for its backward pass. */
interface Trace {
  readonly input: tf.Tensor4D;
  readonly z: tf.Tensor4D; // before normalisation
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
  readonly y: tf.Tensor4D; // after normalisation, before ReLU
}

/**
 * Network and projection head under momentum SGD. Deterministic: the same seed and batches give the
 * same weights on the same back end. Holds tensors until `dispose`.
 */
export class Trainer {
  readonly #layers: readonly Layer[];
  readonly #classes: number;
  readonly #optimiser: OptimiserOptions;
  readonly #normalisation: Normalisation;
  /** Every parameter and, under the same name, its momentum. Replaced by each step. */
  readonly #values = new Map<string, tf.Tensor>();
  readonly #velocities = new Map<string, tf.Tensor>();
  #step = 0;

  constructor(
    layers: readonly Layer[],
    classes: number,
    normalisation: Normalisation,
    optimiser: OptimiserOptions,
    seed: number,
  ) {
    this.#layers = layers;
    this.#classes = classes;
    this.#normalisation = normalisation;
    this.#optimiser = optimiser;
    let inputs = 3;
    initialNetwork(layers, seed).forEach((layer, i) => {
      const { kernel, channels } = layer;
      this.#add(`conv${i}.filter`, tf.tensor4d(layer.filter, [kernel, kernel, inputs, channels]));
      this.#add(`conv${i}.scale`, tf.tensor1d(layer.scale));
      this.#add(`conv${i}.shift`, tf.tensor1d(layer.shift));
      inputs = channels;
    });
    this.#addDense('head0', inputs, HEAD_WIDTH, Random.for(seed, 'head', 0));
    this.#addDense('head1', HEAD_WIDTH, classes, Random.for(seed, 'head', 1));
  }

  /** Steps done so far. */
  get step(): number {
    return this.#step;
  }

  /** One update of all weights by one batch. Labels must match the network's output cells. */
  train(batch: Batch): StepResult {
    const rate = learningRateAt(this.#step, this.#optimiser);
    const { loss, accuracy, gradients } = this.#gradients(batch);
    this.#update(gradients, rate);
    this.#step++;
    return { loss, accuracy };
  }

  /** The convolutions as they are now, without the head. */
  network(): TrainableNetwork {
    const read = (name: string): Float32Array => this.#value(name).dataSync() as Float32Array;
    return this.#layers.map((layer, i) => ({
      ...layer,
      filter: read(`conv${i}.filter`),
      scale: read(`conv${i}.scale`),
      shift: read(`conv${i}.shift`),
    }));
  }

  /** Everything a resumed run needs, besides the options. */
  checkpoint(): Record<string, Tensor> {
    const out: Record<string, Tensor> = {
      step: { shape: [1], data: Float32Array.of(this.#step) },
    };
    for (const [name, value] of this.#values) out[name] = tensorOf(value);
    for (const [name, value] of this.#velocities) out[`velocity.${name}`] = tensorOf(value);
    return out;
  }

  restore(tensors: Record<string, Tensor>): void {
    for (const name of [...this.#values.keys()]) {
      this.#replace(this.#values, name, toTensor(tensors[name]));
      const velocity = tensors[`velocity.${name}`];
      this.#replace(this.#velocities, name, toTensor(velocity));
    }
    this.#step = tensors.step.data[0];
  }

  dispose(): void {
    for (const tensor of [...this.#values.values(), ...this.#velocities.values()]) tensor.dispose();
    this.#values.clear();
    this.#velocities.clear();
  }

  #gradients(batch: Batch): StepResult & { readonly gradients: Map<string, tf.Tensor> } {
    const gradients = new Map<string, tf.Tensor>();
    const result = tf.tidy(() => {
      const { traces, output } = this.#forward(this.#pixels(batch));
      const head = this.#head(output);
      const logits = head.logits.dataSync() as Float32Array;
      const { gradient, ...value } = crossEntropy(logits, batch.labels, this.#classes);
      let flow = this.#headBackward(head, tf.tensor2d(gradient, head.logits.shape), gradients);
      flow = tf.reshape(flow, output.shape);
      this.#backward(traces, flow as tf.Tensor4D, gradients);
      for (const tensor of gradients.values()) tf.keep(tensor);
      return value;
    });
    return { ...result, gradients };
  }

  /** (x − mean)/deviation, [n, side, side, 3] */
  #pixels({ pixels, side }: Batch): tf.Tensor4D {
    const { mean, deviation } = this.#normalisation;
    const count = pixels.length / (side * side * 3);
    return tf.div(tf.sub(tf.tensor4d(pixels, [count, side, side, 3]), mean), deviation);
  }

  #forward(pixels: tf.Tensor4D): { traces: Trace[]; output: tf.Tensor4D } {
    const traces: Trace[] = [];
    let input = pixels;
    this.#layers.forEach((layer, i) => {
      const z = convolve(input, this.#value(`conv${i}.filter`) as tf.Tensor4D, layer.stride);
      const scale = this.#value(`conv${i}.scale`) as tf.Tensor1D;
      const shift = this.#value(`conv${i}.shift`) as tf.Tensor1D;
      const { y, mean, variance } = normalise(z, scale, shift);
      traces.push({ input, z, mean, variance, y });
      input = tf.relu(y);
    });
    return { traces, output: input };
  }

  #head(features: tf.Tensor4D): { input: tf.Tensor2D; hidden: tf.Tensor2D; logits: tf.Tensor2D } {
    const width = features.shape[3];
    const input: tf.Tensor2D = tf.reshape(features, [features.size / width, width]);
    const hidden = tf.relu(this.#dense('head0', input));
    return { input, hidden, logits: this.#dense('head1', hidden) };
  }

  #dense(name: string, x: tf.Tensor2D): tf.Tensor2D {
    return tf.add(tf.matMul(x, this.#value(`${name}.weight`)), this.#value(`${name}.bias`));
  }

  #headBackward(
    head: { readonly input: tf.Tensor2D; readonly hidden: tf.Tensor2D },
    dLogits: tf.Tensor2D,
    out: Map<string, tf.Tensor>,
  ): tf.Tensor {
    const dHidden = this.#denseBackward('head1', head.hidden, dLogits, out);
    const dActive = tf.mul(dHidden, tf.step(head.hidden)) as tf.Tensor2D;
    return this.#denseBackward('head0', head.input, dActive, out);
  }

  #denseBackward(
    name: string,
    x: tf.Tensor2D,
    dy: tf.Tensor2D,
    out: Map<string, tf.Tensor>,
  ): tf.Tensor2D {
    const weight = this.#value(`${name}.weight`) as tf.Tensor2D;
    out.set(`${name}.weight`, tf.matMul(tf.transpose(x), dy));
    out.set(`${name}.bias`, tf.reshape(tf.matMul(tf.ones([1, dy.shape[0]]), dy), [dy.shape[1]]));
    return tf.matMul(dy, tf.transpose(weight));
  }

  /** `flow` is the gradient of each layer's output (after ReLU), from the last layer to the first. */
  #backward(traces: readonly Trace[], flow: tf.Tensor4D, out: Map<string, tf.Tensor>): void {
    for (let i = traces.length - 1; i >= 0; i--) {
      const { input, z, mean, variance, y } = traces[i];
      const { kernel, stride } = this.#layers[i];
      const scale = this.#value(`conv${i}.scale`) as tf.Tensor1D;
      const filter = this.#value(`conv${i}.filter`) as tf.Tensor4D;
      const dy: tf.Tensor4D = tf.mul(flow, tf.step(y));
      const d = normaliseGradient(z, { mean, variance }, scale, dy);
      out.set(`conv${i}.scale`, d.scale);
      out.set(`conv${i}.shift`, d.shift);
      out.set(`conv${i}.filter`, filterGradient(input, d.z, stride, kernel));
      if (i > 0) flow = inputGradient(d.z, filter, stride, input.shape);
    }
  }

  /** v ← momentum·v + gradient + decay·w; w ← w − rate·v. Takes the gradients over. */
  #update(gradients: ReadonlyMap<string, tf.Tensor>, rate: number): void {
    const { momentum, weightDecay } = this.#optimiser;
    for (const [name, gradient] of gradients) {
      const value = this.#value(name);
      const velocity = this.#velocities.get(name) as tf.Tensor;
      const next = tf.tidy(() =>
        tf.add(tf.mul(velocity, momentum), tf.add(gradient, tf.mul(value, weightDecay))),
      );
      this.#replace(this.#velocities, name, next);
      this.#replace(
        this.#values,
        name,
        tf.tidy(() => tf.sub(value, tf.mul(next, rate))),
      );
      gradient.dispose();
    }
  }

  #value(name: string): tf.Tensor {
    return this.#values.get(name) as tf.Tensor;
  }

  #add(name: string, value: tf.Tensor): void {
    this.#values.set(name, value);
    this.#velocities.set(name, tf.zeros(value.shape));
  }

  #addDense(name: string, inputs: number, outputs: number, random: Random): void {
    const bound = 1 / Math.sqrt(inputs);
    const weight = Float32Array.from({ length: inputs * outputs }, () =>
      random.uniform(-bound, bound),
    );
    this.#add(`${name}.weight`, tf.tensor2d(weight, [inputs, outputs]));
    this.#add(`${name}.bias`, tf.zeros([outputs]));
  }

  #replace(map: Map<string, tf.Tensor>, name: string, next: tf.Tensor): void {
    map.get(name)?.dispose();
    map.set(name, next);
  }
}

function tensorOf(value: tf.Tensor): Tensor {
  return { shape: value.shape, data: value.dataSync() as Float32Array };
}

function toTensor({ data, shape }: Tensor): tf.Tensor {
  return tf.tensor(data, [...shape]);
}
