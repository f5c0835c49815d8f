/**
 * The moments that inference normalises a ResNet-18 by. The paper's are running means over training
 * batches, two thirds of which are pasted crops; here they are taken of good frames, layer by layer,
 * as the normalised layers before see them. The untrained control goes the same way.
 */
import * as tf from '@tensorflow/tfjs-core';
import { momentsOf } from '../fold.js';
import { affine, convolve } from '../gradients.js';
import { type ChannelMoments, normalisationMap } from '../network.js';
import { type BasicBlock, mapConvolutions, paddingOf, type ResNet18Of } from './architecture.js';
import { padImages } from './padding.js';
import type { TrainableConvolution, TrainableResNet18 } from './weights.js';

/** Mean 0 and variance 1: what normalises nothing. */
export function neutralMoments(network: TrainableResNet18): ResNet18Of<ChannelMoments> {
  return mapConvolutions(network, ({ channels }) => ({
    mean: new Float32Array(channels),
    variance: new Float32Array(channels).fill(1),
  }));
}

/** What flows through the network: one tensor a batch. */
type Flows = readonly tf.Tensor4D[];

interface Normalised {
  readonly flows: Flows;
  readonly moments: ChannelMoments;
}

/** @param batches normalised frames [n, h, w, 3]; consumed (disposed) */
export function momentsOnFrames(
  { stem, stages }: TrainableResNet18,
  batches: Flows,
): ResNet18Of<ChannelMoments> {
  const first = normalise(stem, batches, 'relu');
  tf.dispose([...batches]);
  let flows = pooled(first.flows);
  const moments = stages.map((blocks) =>
    blocks.map((block) => {
      const { output, ...ofBlock } = throughBlock(block, flows);
      flows = output;
      return ofBlock;
    }),
  );
  tf.dispose([...flows]);
  return { stem: first.moments, stages: moments };
}

/** Consumes `flows`. */
function throughBlock(
  block: BasicBlock<TrainableConvolution>,
  flows: Flows,
): BasicBlock<ChannelMoments> & { readonly output: Flows } {
  const first = normalise(block.first, flows, 'relu');
  const second = normalise(block.second, first.flows, 'linear');
  const shortcut = block.shortcut && normalise(block.shortcut, flows, 'linear');
  const past = shortcut?.flows ?? flows;
  const output = second.flows.map((y, i) => tf.tidy(() => tf.relu(tf.add(y, past[i]))));
  tf.dispose([...first.flows, ...second.flows, ...past, ...flows]);
  const { moments } = first;
  return {
    first: moments,
    second: second.moments,
    ...(shortcut && { shortcut: shortcut.moments }),
    output: output as tf.Tensor4D[],
  };
}

/** A convolution of all batches, normalised by the moments over all of them. */
function normalise(
  layer: TrainableConvolution,
  flows: Flows,
  activation: 'linear' | 'relu',
): Normalised {
  const { kernel, inputs, channels, stride } = layer;
  const filter = tf.tensor4d(layer.filter, [kernel, kernel, inputs, channels]);
  const outputs = flows.map((x) =>
    tf.tidy(() => convolve(padImages(x, paddingOf(layer)), filter, stride)),
  );
  const moments = momentsOf(outputs);
  const { gain, bias } = normalisationMap(layer, moments);
  const normalised = outputs.map((z) =>
    tf.tidy(() => affine(z, tf.tensor1d(gain), tf.tensor1d(bias), activation)),
  );
  tf.dispose([filter, ...outputs]);
  return { flows: normalised, moments };
}

/** Consumes `flows`. */
function pooled(flows: Flows): Flows {
  const out = flows.map((x) => tf.tidy(() => tf.maxPool(padImages(x, 1), 3, 2, 'valid')));
  tf.dispose([...flows]);
  return out as tf.Tensor4D[];
}
