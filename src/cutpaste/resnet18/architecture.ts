/**
 * ResNet-18 (He et al. 2016, Table 1), the backbone of the paper (CutPaste §4), as a tree of
 * convolutions, each with a batch normalisation behind it. Convolutions pad with zeros as in
 * PyTorch: ⌊kernel / 2⌋ on each side, whatever the stride.
 */
import type { Layer } from '../network.js';

/** relu(second(relu(first(x))) + shortcut(x)); without `shortcut` the input itself is added. */
export interface BasicBlock<Convolution> {
  readonly first: Convolution;
  readonly second: Convolution;
  /** 1×1, where the block changes resolution or channels. */
  readonly shortcut?: Convolution;
}

/** `Convolution`: what is known of each one: its shape, its weights, its moments … */
export interface ResNet18Of<Convolution> {
  readonly stem: Convolution; // 7×7, stride 2; a maximum over 3×3, stride 2, follows
  readonly stages: readonly (readonly BasicBlock<Convolution>[])[]; // 4 stages of 2 blocks
}

export interface ConvolutionShape extends Layer {
  readonly inputs: number;
  /** As torchvision and timm call it, and its normalisation: `layer2.0.conv1`, `layer2.0.bn1`. */
  readonly name: string;
  readonly normalisation: string;
}

/** Channels of the four stages. */
export const RESNET18_WIDTHS: readonly number[] = [64, 128, 256, 512];

const BLOCKS = 2; // of a stage

/** @param widths fewer channels in tests */
export function resnet18Shape(widths = RESNET18_WIDTHS): ResNet18Of<ConvolutionShape> {
  const stages = widths.map((width, stage) =>
    Array.from({ length: BLOCKS }, (_, index) => {
      const inputs = index > 0 ? width : (widths[stage - 1] ?? widths[0]);
      const stride = stage > 0 && index === 0 ? 2 : 1;
      return blockShape(`layer${stage + 1}.${index}`, inputs, width, stride);
    }),
  );
  return { stem: shape('conv1', 'bn1', 7, 2, 3, widths[0]), stages };
}

function blockShape(
  name: string,
  inputs: number,
  width: number,
  stride: number,
): BasicBlock<ConvolutionShape> {
  const first = shape(`${name}.conv1`, `${name}.bn1`, 3, stride, inputs, width);
  const second = shape(`${name}.conv2`, `${name}.bn2`, 3, 1, width, width);
  if (stride === 1 && inputs === width) return { first, second };
  const [from, normalisation] = [`${name}.downsample.0`, `${name}.downsample.1`];
  return { first, second, shortcut: shape(from, normalisation, 1, stride, inputs, width) };
}

function shape(
  name: string,
  normalisation: string,
  kernel: number,
  stride: number,
  inputs: number,
  channels: number,
): ConvolutionShape {
  return { name, normalisation, kernel, stride, inputs, channels };
}

/** Zeros on each side. */
export function paddingOf({ kernel }: Pick<Layer, 'kernel'>): number {
  return Math.floor(kernel / 2);
}

/** All convolutions, from the input on. */
export function convolutionsOf<C>({ stem, stages }: ResNet18Of<C>): C[] {
  return [stem, ...stages.flat().flatMap(partsOf)];
}

function partsOf<C>({ first, second, shortcut }: BasicBlock<C>): C[] {
  return shortcut === undefined ? [first, second] : [first, second, shortcut];
}

/** The same tree of something else; `change` is called from the input on. */
export function mapConvolutions<A, B>(
  { stem, stages }: ResNet18Of<A>,
  change: (convolution: A) => B,
): ResNet18Of<B> {
  const changed = change(stem);
  const changeBlock = ({ first, second, shortcut }: BasicBlock<A>): BasicBlock<B> => ({
    first: change(first),
    second: change(second),
    ...(shortcut !== undefined && { shortcut: change(shortcut) }),
  });
  return { stem: changed, stages: stages.map((blocks) => blocks.map(changeBlock)) };
}
