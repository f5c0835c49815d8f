/**
 * Weights of a ResNet-18 from elsewhere (`train --init`): the state that torchvision and timm save,
 * as float32 safetensors. Both give a convolution the name `layer2.0.conv1`, its normalisation
 * `layer2.0.bn1`, and keep filters as [outputs, inputs, k, k].
 */

import { PatchlineError } from '../../errors.js';
import type { Tensor, Tensors } from '../../model/safetensors.js';
import { allFinite } from '../finite.js';
import type { ChannelMoments } from '../network.js';
import {
  type ConvolutionShape,
  convolutionsOf,
  mapConvolutions,
  RESNET18_WIDTHS,
  type ResNet18Of,
  resnet18Shape,
} from './architecture.js';
import type { TrainableConvolution, TrainableResNet18 } from './weights.js';

/** What a file of weights holds of the network. */
export interface InitialWeights {
  readonly network: TrainableResNet18;
  /** The running statistics of each normalisation. */
  readonly moments: ResNet18Of<ChannelMoments>;
}

/** Pixels of 0…1 as both libraries normalise them for weights of ImageNet. */
export const IMAGENET_NORMALISATION = {
  mean: [0.485, 0.456, 0.406] as [number, number, number],
  deviation: [0.229, 0.224, 0.225] as [number, number, number],
};

/** Counters of updates, whole numbers of 64 bits: nothing is made of them. */
export function isCounter(name: string): boolean {
  return name.endsWith('.num_batches_tracked');
}

/** The classifier, which has no use here. */
const CLASSIFIER = ['fc.weight', 'fc.bias'];

/** As many are named of those that are wrong. */
const MOST_NAMED = 5;

/**
 * @param label what errors call the file
 * @throws PL_WEIGHTS (usage) naming the tensors that are missing, misshapen, not finite or of
 *   another network
 */
export function weightsFrom(
  tensors: Tensors,
  label: string,
  widths = RESNET18_WIDTHS,
): InitialWeights {
  const shape = resnet18Shape(widths);
  assertFits(tensors, expectedShapes(shape), label);
  return {
    network: mapConvolutions(shape, (convolution) => trainable(convolution, tensors)),
    moments: mapConvolutions(shape, ({ normalisation: name }) => ({
      mean: tensors[`${name}.running_mean`].data,
      variance: tensors[`${name}.running_var`].data,
    })),
  };
}

function trainable(shape: ConvolutionShape, tensors: Tensors): TrainableConvolution {
  const { name, normalisation } = shape;
  return {
    ...shape,
    filter: channelsLast(tensors[`${name}.weight`].data, shape),
    scale: tensors[`${normalisation}.weight`].data,
    shift: tensors[`${normalisation}.bias`].data,
  };
}

/** [outputs, inputs, k, k] → [k, k, inputs, outputs] */
function channelsLast(
  filter: Float32Array,
  { kernel, inputs, channels }: ConvolutionShape,
): Float32Array {
  const area = kernel * kernel;
  const out = new Float32Array(filter.length);
  let at = 0;
  for (let o = 0; o < channels; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let tap = 0; tap < area; tap++) out[(tap * inputs + i) * channels + o] = filter[at++];
    }
  }
  return out;
}

function expectedShapes(network: ResNet18Of<ConvolutionShape>): Map<string, readonly number[]> {
  const expected = new Map<string, readonly number[]>();
  for (const { name, normalisation, kernel, inputs, channels } of convolutionsOf(network)) {
    expected.set(`${name}.weight`, [channels, inputs, kernel, kernel]);
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) {
      expected.set(`${normalisation}.${part}`, [channels]);
    }
  }
  return expected;
}

function assertFits(
  tensors: Tensors,
  expected: ReadonlyMap<string, readonly number[]>,
  label: string,
): void {
  const problems = [...expected].flatMap(([name, shape]) => problemOf(name, tensors[name], shape));
  for (const name of Object.keys(tensors)) {
    if (expected.has(name) || isCounter(name) || CLASSIFIER.includes(name)) continue;
    problems.push(`'${name}' is no tensor of a ResNet-18`);
  }
  if (problems.length === 0) return;
  const rest = problems.length - MOST_NAMED;
  const more = rest > 0 ? `; and ${rest} more` : '';
  throw badWeights(`${label}: ${problems.slice(0, MOST_NAMED).join('; ')}${more}`);
}

function problemOf(name: string, tensor: Tensor | undefined, shape: readonly number[]): string[] {
  if (tensor === undefined) return [`'${name}' [${shape.join(', ')}] is missing`];
  if (tensor.shape.join() !== shape.join()) {
    return [`'${name}' has shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`];
  }
  return allFinite(tensor.data) ? [] : [`'${name}' holds a number that is not finite`];
}

/** @throws never; the error is to be thrown */
export function badWeights(message: string, cause?: unknown): PatchlineError {
  return new PatchlineError('PL_WEIGHTS', message, {
    disposition: 'usage',
    hint: 'give a ResNet-18 as torchvision or timm name it (conv1.weight, layer1.0.bn1.bias …), saved as float32 safetensors',
    cause,
  });
}
