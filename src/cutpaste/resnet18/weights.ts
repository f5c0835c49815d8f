/** The numbers of a ResNet-18: as they are born, and folded for inference. */
import { Random } from '../../random.js';
import {
  type ChannelMoments,
  type FoldedLayer,
  foldLayer,
  type TrainableLayer,
} from '../network.js';
import {
  type ConvolutionShape,
  convolutionsOf,
  mapConvolutions,
  RESNET18_WIDTHS,
  type ResNet18Of,
  resnet18Shape,
} from './architecture.js';

/** A convolution with the scale and shift of its normalisation. */
export type TrainableConvolution = ConvolutionShape & TrainableLayer;
export type TrainableResNet18 = ResNet18Of<TrainableConvolution>;

/** A convolution with its normalisation folded in. */
export type FoldedResNet18 = ResNet18Of<ConvolutionShape & FoldedLayer>;

/** Seeded weights: uniform with variance 2 / fan-in (He et al. 2015); normalisation 1 and 0. */
export function initialResNet18(seed: number, widths = RESNET18_WIDTHS): TrainableResNet18 {
  let index = 0;
  return mapConvolutions(resnet18Shape(widths), (shape) => {
    const random = Random.for(seed, 'resnet18', index++);
    const fanIn = shape.kernel ** 2 * shape.inputs;
    const bound = Math.sqrt(6 / fanIn);
    const filter = new Float32Array(fanIn * shape.channels);
    for (let i = 0; i < filter.length; i++) filter[i] = random.uniform(-bound, bound);
    const scale = new Float32Array(shape.channels).fill(1);
    return { ...shape, filter, scale, shift: new Float32Array(shape.channels) };
  });
}

/** Folds each normalisation into its convolution. */
export function foldResNet18(
  network: TrainableResNet18,
  moments: ResNet18Of<ChannelMoments>,
): FoldedResNet18 {
  const ofEach = convolutionsOf(moments).values();
  return mapConvolutions(network, ({ scale, shift, ...layer }) => ({
    ...layer,
    ...foldLayer({ ...layer, scale, shift }, ofEach.next().value as ChannelMoments),
  }));
}
