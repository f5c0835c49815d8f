/** ResNet-18 as the trainer sees it: forward and backward (He et al. 2016; CutPaste §4, A.1). */
import * as tf from '@tensorflow/tfjs-core';
import { convolve } from '../gradients.js';
import type { Weights } from '../head.js';
import type { Parameters } from '../parameters.js';
import type { LayerPasses } from '../passes.js';
import {
  convolutionWeights,
  type ForwardPass,
  type Gradients,
  type TrainingNetwork,
} from '../training-network.js';
import {
  type BasicBlock,
  type ConvolutionShape,
  convolutionsOf,
  mapConvolutions,
  paddingOf,
  type ResNet18Of,
} from './architecture.js';
import { cropImages, padImages } from './padding.js';
import type { TrainableResNet18 } from './weights.js';

/** @param start the weights that training starts from */
export function trainingResNet18(start: TrainableResNet18): TrainingNetwork<TrainableResNet18> {
  const shapes = convolutionsOf(start);
  return {
    features: shapes[shapes.length - 1].channels,
    addTo(parameters) {
      for (const layer of shapes) addConvolution(parameters, layer);
    },
    forward: (passes, weights, pixels) => forward(start, { passes, weights }, pixels),
    trained: (read) =>
      mapConvolutions(start, (layer) => ({
        ...layer,
        filter: read(`${layer.name}.filter`),
        scale: read(`${layer.name}.scale`),
        shift: read(`${layer.name}.shift`),
      })),
  };
}

function addConvolution(
  parameters: Parameters,
  { name, kernel, inputs, channels, filter, scale, shift }: TrainableResNet18['stem'],
): void {
  parameters.add(`${name}.filter`, [kernel, kernel, inputs, channels], filter.slice());
  parameters.add(`${name}.scale`, [channels], scale.slice());
  parameters.add(`${name}.shift`, [channels], shift.slice());
}

interface Means {
  readonly passes: LayerPasses;
  readonly weights: Weights;
}

/** A part of the network, done. `back`: the gradient of its output → that of its input. */
interface Part {
  readonly output: tf.Tensor4D;
  back(flow: tf.Tensor4D, out: Gradients): tf.Tensor4D;
}

function forward(
  { stem, stages }: ResNet18Of<ConvolutionShape>,
  means: Means,
  pixels: tf.Tensor4D,
): ForwardPass {
  const first = convolution(means, stem, pixels, 'relu');
  const parts: Part[] = [maximum(first.output)];
  const last = () => parts[parts.length - 1].output;
  for (const shape of stages.flat()) parts.push(residual(means, shape, last()));
  parts.push(averages(last()));
  return {
    output: last(),
    backward(flow, out) {
      const dStem = parts.reduceRight((d, part) => part.back(d, out), flow);
      first.ofWeights(dStem, out); // nobody asks for the gradient of the pixels
    },
  };
}

/** relu(second(relu(first(x))) + shortcut(x)), with the batch's moments. */
function residual(means: Means, shape: BasicBlock<ConvolutionShape>, x: tf.Tensor4D): Part {
  const first = convolution(means, shape.first, x, 'relu');
  const second = convolution(means, shape.second, first.output, 'linear');
  const shortcut = shape.shortcut && convolution(means, shape.shortcut, x, 'linear');
  const output: tf.Tensor4D = tf.relu(tf.add(second.output, shortcut?.output ?? x));
  return {
    output,
    back(flow, out) {
      const dSum: tf.Tensor4D = tf.mul(flow, tf.step(output));
      const dMain = first.back(second.back(dSum, out), out);
      return tf.add(dMain, shortcut?.back(dSum, out) ?? dSum);
    },
  };
}

interface Convolution extends Part {
  /** The gradients of its own weights alone. → that of the convolution's output */
  ofWeights(flow: tf.Tensor4D, out: Gradients): tf.Tensor4D;
}

/** Zeros around x, a valid convolution, batch normalisation, activation. */
function convolution(
  { passes, weights }: Means,
  shape: ConvolutionShape,
  x: tf.Tensor4D,
  activation: 'linear' | 'relu',
): Convolution {
  const { name, kernel, stride } = shape;
  const { filter, scale, shift } = convolutionWeights(weights, name);
  const padded = padImages(x, paddingOf(shape));
  const normalised = passes.normalise(convolve(padded, filter, stride), scale, shift, activation);
  const ofWeights = (flow: tf.Tensor4D, out: Gradients): tf.Tensor4D => {
    const d = normalised.gradient(flow);
    out.set(`${name}.scale`, d.scale);
    out.set(`${name}.shift`, d.shift);
    out.set(`${name}.filter`, passes.filterGradient(padded, d.z, stride, kernel));
    return d.z;
  };
  const toInput = (dz: tf.Tensor4D): tf.Tensor4D =>
    cropImages(passes.inputGradient(dz, filter, stride, padded.shape), paddingOf(shape));
  const back = (flow: tf.Tensor4D, out: Gradients) => toInput(ofWeights(flow, out));
  return { output: normalised.output, ofWeights, back };
}

const POOL = { filterSize: 3, strides: 2, pad: 'valid' } as const;

/** The highest of each 3×3, stride 2. Zeros as padding do not change a maximum of what a ReLU gave. */
function maximum(x: tf.Tensor4D): Part {
  const input = padImages(x, 1);
  const output: tf.Tensor4D = tf.maxPool(input, POOL.filterSize, POOL.strides, POOL.pad);
  return {
    output,
    back(dy) {
      const tensors = { dy, input, output };
      const dx = tf.engine().runKernel(tf.MaxPoolGrad, tensors, { ...POOL }) as tf.Tensor4D;
      return cropImages(dx, 1);
    },
  };
}

/** "the average pooling layer" of CutPaste §4: [n, h, w, c] → [n, 1, 1, c] */
function averages(x: tf.Tensor4D): Part {
  const [, height, width] = x.shape;
  return {
    output: tf.avgPool(x, [height, width], 1, 'valid'),
    back: (dy) => tf.tile(tf.div(dy, height * width), [1, height, width, 1]),
  };
}
