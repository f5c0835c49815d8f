/** The passes of a layer in training, as the back end of this thread runs them fastest. */
import * as tf from '@tensorflow/tfjs-core';
import type { NormaliseGradients } from './gradients.js';
import * as convolutions from './gradients.js';
import { NORMALISATION_EPSILON } from './network.js';

/** Batch normalisation and its activation, done. */
export interface Normalised {
  readonly output: tf.Tensor4D;
  /** The backward pass, within the same `tf.tidy`. */
  gradient(dOutput: tf.Tensor4D): NormaliseGradients;
}

export interface LayerPasses {
  /** → [k, k, i, o] */
  filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, stride: number, kernel: number): tf.Tensor4D;
  inputGradient(
    dy: tf.Tensor4D,
    filter: tf.Tensor4D,
    stride: number,
    inputShape: readonly [number, number, number, number],
  ): tf.Tensor4D;
  /** x·scale + shift with a number of each a channel */
  affine(x: tf.Tensor4D, scale: tf.Tensor1D, shift: tf.Tensor1D): tf.Tensor4D;
  /** @param activation default `relu` */
  normalise(
    z: tf.Tensor4D,
    scale: tf.Tensor1D,
    shift: tf.Tensor1D,
    activation?: 'linear' | 'relu',
  ): Normalised;
}

/** Runs on every back end. */
const BY_CONVOLUTIONS: LayerPasses = {
  filterGradient: convolutions.filterGradient,
  inputGradient: convolutions.inputGradient,
  affine: convolutions.affine,
  normalise(z, scale, shift, activation) {
    const normalised = convolutions.normalise(z, scale, shift, activation);
    return {
      output: normalised.output,
      gradient: (dOutput) => convolutions.normaliseGradient(normalised, scale, dOutput, activation),
    };
  },
};

/** Where the back end has an operation for each pass, as TensorFlow's own library does. */
const BY_KERNELS: LayerPasses = {
  filterGradient(x, dy, stride, kernel) {
    const filterShape = [kernel, kernel, x.shape[3], dy.shape[3]];
    return run(tf.Conv2DBackpropFilter, { x, dy }, { ...valid(stride), filterShape });
  },
  inputGradient(dy, filter, stride, inputShape) {
    const shape = { ...valid(stride), inputShape: [...inputShape] };
    return run(tf.Conv2DBackpropInput, { dy, filter }, shape);
  },
  affine(x, scale, shift) {
    return tf.tidy(() => {
      const [n, height, width, channels] = x.shape;
      const rows = tf.reshape(x, [n * height, width * channels]); // long rows are broadcast fast
      const along = (values: tf.Tensor1D) => tf.tile(values, [width]);
      return tf.reshape(tf.add(tf.mul(rows, along(scale)), along(shift)), x.shape);
    });
  },
  normalise(z, scale, shift, activation = 'relu') {
    const attributes = { epsilon: NORMALISATION_EPSILON };
    const outputs: tf.Tensor[] = run('FusedBatchNormV3', { x: z, scale, shift }, attributes);
    const [y, , , memory1, memory2, memory3] = outputs;
    const rectified = activation === 'relu';
    const output = (rectified ? tf.relu(y) : y) as tf.Tensor4D;
    return {
      output,
      gradient(dOutput) {
        const dy: tf.Tensor4D = rectified ? run('ReluGrad', { dy: dOutput, y: output }) : dOutput;
        const remembered = { memory1, memory2, memory3 };
        const gradients: tf.Tensor[] = run(
          'FusedBatchNormGradV3',
          { dy, x: z, scale, ...remembered },
          attributes,
        );
        const [dz, dScale, dShift] = gradients;
        return {
          z: dz as tf.Tensor4D,
          scale: dScale as tf.Tensor1D,
          shift: dShift as tf.Tensor1D,
        };
      },
    };
  },
};

export function layerPasses(): LayerPasses {
  const hasKernels = tf.getKernel('FusedBatchNormGradV3', tf.getBackend()) !== undefined;
  return hasKernels ? BY_KERNELS : BY_CONVOLUTIONS;
}

function valid(stride: number): tf.NamedAttrMap {
  return { strides: stride, pad: 'valid', dataFormat: 'NHWC' };
}

function run<T extends tf.Tensor | tf.Tensor[]>(
  kernel: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attributes: tf.NamedAttrMap = {},
): T {
  return tf.engine().runKernel(kernel, { ...inputs }, attributes) as T;
}
