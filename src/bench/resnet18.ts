/**
 * ResNet-18 (He et al. 2016), the backbone of the paper (CutPaste §4), up to its average
 * pooling layer, for inference: batch normalisation folded into the convolutions, no
 * classifier. Convolutions pad as in PyTorch: ⌊kernel / 2⌋ on each side, whatever the stride.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { FoldedLayer } from '../cutpaste/network.js';
import { Random } from '../random.js';

/** relu(second(relu(first(x))) + shortcut(x)); without `shortcut` the input itself is added. */
export interface BasicBlock<Convolution> {
  readonly first: Convolution;
  readonly second: Convolution;
  /** 1×1, where the block changes resolution or channels. */
  readonly shortcut?: Convolution;
}

export interface ResNet18Of<Convolution> {
  readonly stem: Convolution; // 7×7, stride 2
  readonly stages: readonly (readonly BasicBlock<Convolution>[])[]; // 4 stages of 2 blocks
}

export type ResNet18Weights = ResNet18Of<FoldedLayer>;

/** Channels of the four stages. */
export const RESNET18_WIDTHS: readonly number[] = [64, 128, 256, 512];

const BLOCKS = 2; // of a stage

/** Seeded weights: uniform with variance 2 / fan-in (He et al. 2015); the normalisation does nothing. */
export function randomResNet18(
  seed: number,
  widths: readonly number[] = RESNET18_WIDTHS,
): ResNet18Weights {
  let index = 0;
  const layer = (kernel: number, stride: number, inputs: number, channels: number): FoldedLayer => {
    const random = Random.for(seed, 'resnet18', index++);
    const fanIn = kernel * kernel * inputs;
    const bound = Math.sqrt(6 / fanIn);
    const filter = new Float32Array(fanIn * channels);
    for (let i = 0; i < filter.length; i++) filter[i] = random.uniform(-bound, bound);
    return { kernel, stride, channels, filter, bias: new Float32Array(channels) };
  };
  const stem = layer(7, 2, 3, widths[0]);
  let inputs = widths[0];
  const block = (width: number, stride: number): BasicBlock<FoldedLayer> => {
    const first = layer(3, stride, inputs, width);
    const second = layer(3, 1, width, width);
    const changes = stride !== 1 || inputs !== width;
    const shortcut = changes ? { shortcut: layer(1, stride, inputs, width) } : {};
    inputs = width;
    return { first, second, ...shortcut };
  };
  const stages = widths.map((width, stage) =>
    Array.from({ length: BLOCKS }, (_, b) => block(width, stage > 0 && b === 0 ? 2 : 1)),
  );
  return { stem, stages };
}

/** All convolutions, from the input on. */
export function convolutionsOf<Convolution>({
  stem,
  stages,
}: ResNet18Of<Convolution>): Convolution[] {
  const blocks = stages.flat();
  return [stem, ...blocks.flatMap((b) => [b.first, b.second, ...(b.shortcut ? [b.shortcut] : [])])];
}

interface Weights {
  readonly filter: tf.Tensor4D; // [kernel, kernel, inputs, channels]
  readonly bias: tf.Tensor1D; // [channels]
  readonly stride: number;
  readonly padding: number;
}

/** Holds the weights on the back end of this thread until `dispose`. */
export class ResNet18 {
  readonly #network: ResNet18Of<Weights>;

  constructor({ stem, stages }: ResNet18Weights) {
    this.#network = {
      stem: upload(stem, 3),
      stages: stages.map((blocks) => blocks.map(uploadBlock)),
    };
  }

  /** Embeddings of normalised images. x [n, h, w, 3], h and w at least 1 → [n, 512] */
  forward(x: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => tf.mean(this.stageOutputs(x).at(-1) as tf.Tensor4D, [1, 2]));
  }

  /** What each stage gives: [n, h/4, w/4, 64], [n, h/8, w/8, 128] … (sides rounded up). */
  stageOutputs(x: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => {
      const { stem, stages } = this.#network;
      // Zeros as padding do not change a maximum of what a ReLU gave.
      let y: tf.Tensor4D = tf.maxPool(convolve(x, stem, 'relu'), 3, 2, 1, 'floor');
      return stages.map((blocks) => {
        for (const block of blocks) y = basicBlock(y, block);
        return y;
      });
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
    padding: Math.floor(kernel / 2),
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

function basicBlock(x: tf.Tensor4D, { first, second, shortcut }: BasicBlock<Weights>): tf.Tensor4D {
  const y = convolve(convolve(x, first, 'relu'), second, 'linear');
  return tf.relu(tf.add(y, shortcut === undefined ? x : convolve(x, shortcut, 'linear')));
}

function convolve(x: tf.Tensor4D, w: Weights, activation: 'linear' | 'relu'): tf.Tensor4D {
  const { filter, bias, stride: strides, padding: pad } = w;
  return tf.fused.conv2d({ x, filter, bias, strides, pad, activation, dimRoundingMode: 'floor' });
}
