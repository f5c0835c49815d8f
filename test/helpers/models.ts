/** Small models of a synthetic surface, and the detectors they make. */
import type { Backend } from '../../src/backend/backend.js';
import { runningTensorflow } from '../../src/backend/tensorflow.js';
import { type FoldedNetwork, initialNetwork, type Layer } from '../../src/cutpaste/network.js';
import { LoadedDetector } from '../../src/detect/model.js';
import type { Pixels, Size } from '../../src/frame/pixels.js';
import { detectorSpec, fitDetector, type LearnedDetector } from '../../src/learn/detector.js';
import { type GoodImage, normalisationOf } from '../../src/learn/images.js';
import { foldOnImages } from '../../src/learn/network.js';
import { DEFAULT_READOUT, type Readout } from '../../src/learn/options.js';
import { densityTensors, networkTensors, type Tensors } from '../../src/model/detector-tensors.js';
import type { DetectorSpec } from '../../src/model/manifest.js';
import { Random } from '../../src/random.js';

/** Receptive field 64, jump 4, few channels. */
export const SMALL_LAYERS: readonly Layer[] = [
  { kernel: 4, stride: 2, channels: 6 },
  { kernel: 3, stride: 2, channels: 8 },
  ...Array.from({ length: 6 }, () => ({ kernel: 3, stride: 1, channels: 8 })),
  { kernel: 3, stride: 1, channels: 10 },
];

/** Random weights, not normalised. */
export function smallNetwork(seed: number, layers = SMALL_LAYERS): FoldedNetwork {
  return initialNetwork(layers, seed).map(({ shift, scale: _, ...layer }) => ({
    ...layer,
    bias: shift,
  }));
}

/** A woven surface under noise, another one for each index. */
export function surface({ width, height }: Size, index: number): Pixels {
  const random = Random.for(11, 'surface', index);
  const data = new Uint8Array(width * height * 3);
  const phase = random.uniform(0, 2 * Math.PI);
  for (let i = 0; i < width * height; i++) {
    const weave = Math.sin((i % width) / 3 + phase) * Math.cos(Math.floor(i / width) / 4);
    const level = 120 + 50 * weave + random.uniform(-25, 25);
    data.set([level, level + 10 + random.uniform(0, 8), level - 20], i * 3);
  }
  return { width, height, data };
}

export function surfaces(size: Size, count: number): GoodImage[] {
  return Array.from({ length: count }, (_, i) => ({ name: `${i}.png`, pixels: surface(size, i) }));
}

export interface SmallModel {
  readonly learned: LearnedDetector;
  readonly spec: DetectorSpec;
  readonly tensors: { readonly network: Tensors; readonly density: Tensors };
}

/** An untrained network with a readout fitted to 8 surfaces. */
export async function smallModel(size: Size, readout: Partial<Readout> = {}): Promise<SmallModel> {
  const how = { ...DEFAULT_READOUT, centres: 16, ...readout };
  const images = surfaces(size, 8);
  const network = foldOnImages(initialNetwork(SMALL_LAYERS, 1), images, normalisationOf(images), 1);
  const options = { readout: how, seed: 1, onImage: () => {} };
  const learned = await fitDetector(network, images.slice(0, 5), images.slice(5), options);
  const spec = detectorSpec(learned, how, { network: 'network', density: 'density' });
  const tensors = {
    network: networkTensors(network),
    density: densityTensors(learned.views, learned.densities),
  };
  return { learned, spec, tensors };
}

export function load(
  { spec, tensors }: SmallModel,
  input: Size,
  backend: Backend = runningTensorflow(),
): Promise<LoadedDetector> {
  const manifest = { detector: spec, control: spec, input };
  return LoadedDetector.load({ manifest, tensors: { ...tensors } }, backend);
}
