/** ResNet-18 up to its average pooling layer (CutPaste §4: "top pooled features"), for inference. */
import * as tf from '@tensorflow/tfjs-core';
import {
  type BasicBlock,
  convolutionsOf,
  mapConvolutions,
  paddingOf,
  type ResNet18Of,
} from './architecture.js';
import { padImages } from './padding.js';
import type { FoldedResNet18 } from './weights.js';

type ExplicitPadding = tf.backend_util.ExplicitPadding;

interface Weights {
  readonly filter: tf.Tensor4D; // [kernel, kernel, inputs, channels]
  readonly bias: tf.Tensor1D; // [channels]
  readonly stride: number;
  readonly padding: number;
}

/** Holds the weights on the back end of this thread until `dispose`. */
export class ResNet18 {
  readonly #network: ResNet18Of<Weights>;

  constructor(network: FoldedResNet18) {
    this.#network = mapConvolutions(network, upload);
  }

  /** Embeddings of normalised images. x [n, h, w, 3], h and w at least 1 → [n, 512] */
  forward(x: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => tf.mean(this.blockOutputs(x).at(-1) as tf.Tensor4D, [1, 2]));
  }

  /**
   * What the stem gives, before its maximum, then each block: [n, h/2, w/2, 64], twice [n, h/4, w/4,
   * 64], twice [n, h/8, w/8, 128] … (sides rounded up).
   */
  blockOutputs(x: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => {
      const { stem, stages } = this.#network;
      const outputs = [convolve(x, stem, 'relu')];
      let y = stemPool(outputs[0]);
      for (const block of stages.flat()) {
        y = basicBlock(y, block);
        outputs.push(y);
      }
      return outputs;
    });
  }

  dispose(): void {
    for (const { filter, bias } of convolutionsOf(this.#network)) tf.dispose([filter, bias]);
  }
}

function upload(convolution: FoldedResNet18['stem']): Weights {
  const { kernel, stride, inputs, channels, filter, bias } = convolution;
  return {
    filter: tf.tensor4d(filter, [kernel, kernel, inputs, channels]),
    bias: tf.tensor1d(bias),
    stride,
    padding: paddingOf(convolution),
  };
}

/** Zeros as padding do not change a maximum of what a ReLU gave. TensorFlow's own pads in no other way. */
function stemPool(x: tf.Tensor4D): tf.Tensor4D {
  return tf.maxPool(padImages(x, 1), 3, 2, 'valid');
}

function basicBlock(x: tf.Tensor4D, { first, second, shortcut }: BasicBlock<Weights>): tf.Tensor4D {
  const y = convolve(convolve(x, first, 'relu'), second, 'linear');
  return tf.relu(tf.add(y, shortcut === undefined ? x : convolve(x, shortcut, 'linear')));
}

function convolve(x: tf.Tensor4D, w: Weights, activation: 'linear' | 'relu'): tf.Tensor4D {
  const { filter, bias, stride: strides, padding } = w;
  const sides: [number, number] = [padding, padding];
  const pad: ExplicitPadding = [[0, 0], sides, sides, [0, 0]]; // a number alone not all back ends take
  return tf.fused.conv2d({ x, filter, bias, strides, pad, activation, dimRoundingMode: 'floor' });
}
