/** ResNet-18 up to its average pooling layer (CutPaste §4: "top pooled features"), for inference. */
import * as tf from '@tensorflow/tfjs-core';
import type { FoldedLayer } from '../network.js';
import { type BasicBlock, convolutionsOf, paddingOf, type ResNet18Of } from './architecture.js';
import { padImages } from './padding.js';
import type { FoldedResNet18 } from './weights.js';

interface Weights {
  readonly filter: tf.Tensor4D; // [kernel, kernel, inputs, channels]
  readonly bias: tf.Tensor1D; // [channels]
  readonly stride: number;
  readonly padding: number;
}

/** Holds the weights on the back end of this thread until `dispose`. */
export class ResNet18 {
  readonly #network: ResNet18Of<Weights>;

  constructor({ stem, stages }: FoldedResNet18) {
    this.#network = {
      stem: upload(stem, 3),
      stages: stages.map((blocks) => blocks.map(uploadBlock)),
    };
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

function upload({ kernel, stride, channels, filter, bias }: FoldedLayer, inputs: number): Weights {
  return {
    filter: tf.tensor4d(filter, [kernel, kernel, inputs, channels]),
    bias: tf.tensor1d(bias),
    stride,
    padding: paddingOf({ kernel }),
  };
}

function uploadBlock({ first, second, shortcut }: BasicBlock<FoldedLayer>): BasicBlock<Weights> {
  const inputs = first.filter.length / (first.kernel ** 2 * first.channels);
  return {
    first: upload(first, inputs),
    second: upload(second, first.channels),
    ...(shortcut && { shortcut: upload(shortcut, inputs) }),
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
  const { filter, bias, stride: strides, padding: pad } = w;
  return tf.fused.conv2d({ x, filter, bias, strides, pad, activation, dimRoundingMode: 'floor' });
}
