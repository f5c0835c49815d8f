import type { DetectorSpec, Manifest } from '../../src/model/manifest.js';
import type { Tensors } from '../../src/model/safetensors.js';

const DETECTOR: DetectorSpec = {
  network: { layers: [{ kernel: 4, stride: 2, channels: 16 }], file: 'network.safetensors' },
  views: [
    {
      name: 'rf64',
      receptiveField: 64,
      dim: 64,
      density: 'gaussian',
      standard: { mean: 8.5, deviation: 1.25 },
    },
  ],
  densityFile: 'density.safetensors',
  map: { stride: 4, sigma: 10, borderCorrection: true, topShare: 0.003, centred: true },
};

/** A manifest that holds to its schema; what it says of a model is made up. */
export const MANIFEST: Omit<Manifest, 'files'> = {
  format: 'patchline-model',
  version: 3,
  name: 'screw',
  createdBy: 'patchline 0.1.0',
  input: { width: 256, height: 192 },
  normalisation: { mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25] },
  detector: DETECTOR,
  calibration: {
    threshold: 4.25,
    requestedAlpha: 0.01,
    alpha: 0.05,
    n: 19,
    quantiles: [{ p: 0.5, score: 1.5 }],
    quiet: 0.125,
    setBy: [{ image: '007.png', score: 4.25 }],
  },
  training: {
    steps: 0,
    seed: 1,
    variant: '3-way',
    labels: 'cell',
    images: { fit: 10, standardise: 5, calibrate: 19 },
    backend: 'wasm',
  },
  control: DETECTOR,
};

export const TENSORS: Readonly<Record<string, Tensors>> = {
  'network.safetensors': { 'conv0.bias': { shape: [4], data: Float32Array.of(1, 2, 3, 4) } },
  'density.safetensors': { 'rf64.mean': { shape: [2], data: Float32Array.of(0.5, -0.5) } },
};
