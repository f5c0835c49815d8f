/**
 * The patch encoder: valid convolutions only, so that a 64×64 patch gives one embedding and the
 * same weights over a whole frame give exactly the embeddings of all its patches (DESIGN §4). The
 * paper trains a ResNet-18 on 64×64 patches and scores them densely with stride 4 (CutPaste §4.2,
 * A.5); a network of receptive field 64 and jump 4 computes the same kind of score for all patches
 * at once.
 */
import { PatchlineError } from '../errors.js';
import { Random } from '../random.js';

export interface Layer {
  readonly kernel: number;
  readonly stride: number;
  readonly channels: number;
}

/** Receptive field and jump (distance of neighbouring outputs), in input pixels. */
export interface Reach {
  readonly receptiveField: number;
  readonly jump: number;
}

const conv3 = (channels: number): Layer => ({ kernel: 3, stride: 1, channels });

/** 79,000 weights, 0.25 GMAC a 256×256 frame. */
export const DEFAULT_LAYERS: readonly Layer[] = [
  { kernel: 4, stride: 2, channels: 16 }, // receptive field 4, jump 2
  { kernel: 3, stride: 2, channels: 32 }, // 8, 4
  ...Array.from({ length: 6 }, () => conv3(32)), // 16, 24, 32, 40, 48, 56
  conv3(64), // 64
];

/** What one output of each layer sees: r ← r + (k − 1)·j, j ← j·s. */
export function reachOf(layers: readonly Layer[]): Reach[] {
  let receptiveField = 1;
  let jump = 1;
  return layers.map(({ kernel, stride }) => {
    receptiveField += (kernel - 1) * jump;
    jump *= stride;
    return { receptiveField, jump };
  });
}

/** Index of the layer whose receptive field is `receptiveField` at jump 4. */
export function layerSeeing(layers: readonly Layer[], receptiveField: number): number {
  const reach = reachOf(layers);
  const index = reach.findIndex((r) => r.receptiveField === receptiveField && r.jump === 4);
  if (index >= 0) return index;
  const known = reach.filter((r) => r.jump === 4).map((r) => r.receptiveField);
  throw new PatchlineError(
    'PL_CONFIG',
    `the network has no layer of receptive field ${receptiveField}`,
    {
      disposition: 'usage',
      hint: `choose from ${known.join(', ')}`,
    },
  );
}

/** Side of a layer's output for an input of `side` pixels. */
export function outputSide(layers: readonly Layer[], side: number): number {
  return layers.reduce((n, { kernel, stride }) => Math.floor((n - kernel) / stride) + 1, side);
}

/** A convolution with its batch normalisation folded in: y = filter ∗ x + bias. */
export interface FoldedLayer extends Layer {
  readonly filter: Float32Array; // [kernel, kernel, inputs, channels]
  readonly bias: Float32Array; // [channels]
}

/** The network as inference runs it. */
export type FoldedNetwork = readonly FoldedLayer[];

/** A convolution as training sees it: no bias (the normalisation's shift does its work). */
export interface TrainableLayer extends Layer {
  readonly filter: Float32Array; // [kernel, kernel, inputs, channels]
  readonly scale: Float32Array; // [channels]
  readonly shift: Float32Array; // [channels]
}

export type TrainableNetwork = readonly TrainableLayer[];

/** Seeded weights: He et al. (2015), normal with variance 2 / fan-in; normalisation 1 and 0. */
export function initialNetwork(layers: readonly Layer[], seed: number): TrainableNetwork {
  let inputs = 3;
  return layers.map((layer, index) => {
    const random = Random.for(seed, 'filter', index);
    const fanIn = layer.kernel * layer.kernel * inputs;
    const filter = Float32Array.from({ length: fanIn * layer.channels }, () =>
      random.normal(0, Math.sqrt(2 / fanIn)),
    );
    inputs = layer.channels;
    return {
      ...layer,
      filter,
      scale: new Float32Array(layer.channels).fill(1),
      shift: new Float32Array(layer.channels),
    };
  });
}

/** Mean and variance of a layer's output before normalisation, per channel. */
export interface ChannelMoments {
  readonly mean: Float32Array; // [channels]
  readonly variance: Float32Array; // [channels]
}

export const NORMALISATION_EPSILON = 1e-5;

/** Batch normalisation as one linear map of each channel: gain = g/√(v + ε), bias = shift − mean·gain. */
export function normalisationMap(
  { scale, shift }: TrainableLayer,
  { mean, variance }: ChannelMoments,
): { readonly gain: Float32Array; readonly bias: Float32Array } {
  const gain = scale.map((g, c) => g / Math.sqrt(variance[c] + NORMALISATION_EPSILON));
  return { gain, bias: shift.map((b, c) => b - mean[c] * gain[c]) };
}

/** Folds batch normalisation into the convolution. */
export function foldLayer(layer: TrainableLayer, moments: ChannelMoments): FoldedLayer {
  const { kernel, stride, channels } = layer;
  const { gain, bias } = normalisationMap(layer, moments);
  const filter = layer.filter.map((w, i) => w * gain[i % channels]);
  return { kernel, stride, channels, filter, bias };
}
