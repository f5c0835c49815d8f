/**
 * The self-supervised stage of the two-stage framework (CutPaste §2.1): the network learns to tell
 * good crops from crops with a cut and pasted part. Afterwards only the convolutions are kept; the
 * density of good patches is fitted to what they say.
 */
import * as tf from '@tensorflow/tfjs-core';
import { PatchlineError } from '../errors.js';
import type { Normalisation } from '../model/manifest.js';
import type { Tensor } from '../model/safetensors.js';
import type { Batch } from './batch.js';
import { allFinite } from './finite.js';
import { addHead, headBackward, headForward, type Weights } from './head.js';
import { crossEntropy } from './loss.js';
import type { TrainableNetwork } from './network.js';
import { learningRateAt, type OptimiserOptions } from './optimiser.js';
import { assertShape, Parameters } from './parameters.js';
import { type LayerPasses, layerPasses } from './passes.js';
import { balancedAccuracy } from './recall.js';
import type { TrainingNetwork } from './training-network.js';

export interface StepResult {
  readonly loss: number;
  readonly accuracy: number;
}

/** Loss and gradients of one batch. */
export interface BatchGradients extends StepResult {
  /** By the name of the parameter, in its shape: `conv0.filter`, `conv0.scale`, `head1.bias` … */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/**
 * Network and projection head under momentum SGD. Deterministic: the same seed and batches give the
 * same weights on the same back end. Holds no tensors between steps.
 */
export class Trainer<Trained = TrainableNetwork> {
  readonly #network: TrainingNetwork<Trained>;
  readonly #classes: number;
  readonly #normalisation: Normalisation;
  readonly #optimiser: OptimiserOptions;
  readonly #parameters = new Parameters();
  readonly #passes: LayerPasses = layerPasses();
  #step = 0;

  constructor(
    network: TrainingNetwork<Trained>,
    classes: number,
    normalisation: Normalisation,
    optimiser: OptimiserOptions,
    seed: number,
  ) {
    this.#network = network;
    this.#classes = classes;
    this.#normalisation = normalisation;
    this.#optimiser = optimiser;
    network.addTo(this.#parameters);
    addHead(this.#parameters, network.features, classes, seed);
  }

  /** Steps done so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * One update of all weights by one batch, whose labels match the network's output cells.
   *
   * @throws PL_NUMERIC, and changes nothing, where the gradient is not finite: training has diverged
   */
  train(batch: Batch): StepResult {
    const { loss, accuracy, gradients } = this.gradients(batch);
    if (![...gradients.values()].every(allFinite)) {
      throw new PatchlineError('PL_NUMERIC', `training diverged at step ${this.#step}`, {
        hint: 'train again with another seed',
      });
    }
    const rate = learningRateAt(this.#step, this.#optimiser);
    this.#parameters.descend(gradients, rate, this.#optimiser);
    this.#step++;
    return { loss, accuracy };
  }

  /**
   * Loss of a batch, and its gradient by every parameter. Changes nothing.
   *
   * @throws PL_STATE if there is not one label for each output cell
   */
  gradients(batch: Batch): BatchGradients {
    const gradients = new Map<string, Float32Array>();
    const value = tf.tidy(() => {
      const weights = this.#weights();
      const { output, backward } = this.#network.forward(
        this.#passes,
        weights,
        this.#pixels(batch),
      );
      const head = headForward(weights, output);
      const logits = head.logits.dataSync() as Float32Array;
      assertLabels(batch, head.logits.shape[0]);
      const { gradient, ...value } = crossEntropy(logits, batch.labels, this.#classes);
      const tensors = new Map<string, tf.Tensor>();
      const dHead = headBackward(weights, head, tf.tensor2d(gradient, head.logits.shape), tensors);
      backward(tf.reshape(dHead, output.shape), tensors);
      for (const [name, tensor] of tensors) gradients.set(name, tensor.dataSync() as Float32Array);
      return value;
    });
    return { ...value, gradients };
  }

  /**
   * Loss and *balanced* accuracy of a batch that is not learned from. Changes nothing.
   *
   * @throws PL_STATE if there is not one label for each output cell
   */
  evaluate(batch: Batch): StepResult {
    return tf.tidy(() => {
      const weights = this.#weights();
      const { output } = this.#network.forward(this.#passes, weights, this.#pixels(batch));
      const head = headForward(weights, output);
      assertLabels(batch, head.logits.shape[0]);
      const logits = head.logits.dataSync() as Float32Array;
      const { loss } = crossEntropy(logits, batch.labels, this.#classes);
      return { loss, accuracy: balancedAccuracy(logits, batch.labels, this.#classes) };
    });
  }

  /** The convolutions as they are now, without the head. */
  network(): Trained {
    const { values } = this.#parameters;
    return this.#network.trained((name) => (values.get(name) as Tensor).data.slice());
  }

  /** Everything a resumed run needs, besides the options. */
  checkpoint(): Record<string, Tensor> {
    const step = { shape: [1], data: Float32Array.of(this.#step) };
    return { ...this.#parameters.checkpoint(), step };
  }

  /** @throws PL_STATE, and changes nothing, if the checkpoint is of another network */
  restore(checkpoint: Readonly<Record<string, Tensor>>): void {
    assertShape(checkpoint, 'step', [1]);
    this.#parameters.restore(checkpoint);
    this.#step = checkpoint.step.data[0];
  }

  #weights(): Weights {
    const values = [...this.#parameters.values];
    return new Map(values.map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));
  }

  /** (x − mean)/deviation, [n, side, side, 3] */
  #pixels({ pixels, side }: Batch): tf.Tensor4D {
    const { mean, deviation } = this.#normalisation;
    const scale = tf.tensor1d(deviation.map((d) => 1 / d));
    const shift = tf.tensor1d(deviation.map((d, c) => -mean[c] / d));
    const count = pixels.length / (side * side * 3);
    return this.#passes.affine(tf.tensor4d(pixels, [count, side, side, 3]), scale, shift);
  }
}

function assertLabels({ labels, side }: Batch, cells: number): void {
  if (labels.length === cells) return;
  throw new PatchlineError(
    'PL_STATE',
    `crops of ${side} px have ${cells} cells and came with ${labels.length} labels`,
  );
}
