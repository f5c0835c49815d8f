/** Stage two (CutPaste §2.1, Eq. 2): the density of good patches in what the network says of them. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { ViewOutput } from '../backend/encoder.js';
import { TensorEncoder } from '../backend/tensor-encoder.js';
import type { FoldedNetwork } from '../cutpaste/network.js';
import type { Density } from '../density/density.js';
import { fitGaussian, fitKernel, fitLocation, fitNearest } from '../density/fit.js';
import { standardisation } from '../density/standard.js';
import { parseView, scoringRequest, viewRequest, viewScores } from '../detect/detector.js';
import { prepareFrame } from '../detect/prepare.js';
import type { DetectorSpec, ViewSpec } from '../model/manifest.js';
import { Random } from '../random.js';
import type { GoodImage } from './images.js';
import type { Readout } from './options.js';

/** A detector as it is stored: what `Detector` is built from. */
export interface LearnedDetector {
  readonly network: FoldedNetwork;
  /** In the order of the readout's views. */
  readonly densities: readonly Density[];
  readonly views: readonly ViewSpec[];
}

export interface FitOptions {
  readonly readout: Readout;
  readonly seed: number;
  /** Called after each image. */
  readonly onImage: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Images and cells a density is fitted to: more cost time and change nothing. */
const FIT_IMAGES = 120;
const CELLS_PER_IMAGE = 100;
/** Held-out cells behind the statistics of the centres. */
const HELD_OUT_CELLS_PER_IMAGE = 1000;
const KERNEL_FOLDS = 5;

interface Sample {
  /** Per view: [cells, dim], or whole grids for a location density. */
  readonly rows: Float32Array[];
}

/** Fits a density to each view on `fit` images and standardises it on `standardise` images. */
export async function fitDetector(
  network: FoldedNetwork,
  fit: readonly GoodImage[],
  standardise: readonly GoodImage[],
  options: FitOptions,
): Promise<LearnedDetector> {
  const { readout, seed, signal } = options;
  const chosen = fit.slice(0, FIT_IMAGES);
  const total = chosen.length + 2 * standardise.length;
  let done = 0;
  const tick = async (): Promise<void> => {
    options.onImage(++done, total);
    await breathe();
    signal?.throwIfAborted();
  };
  const perImage = readout.density === 'location' ? Number.POSITIVE_INFINITY : CELLS_PER_IMAGE;
  const sample = await sampleCells(network, chosen, readout, perImage, seed, tick);
  const heldOut = await sampleCells(
    network,
    standardise,
    readout,
    HELD_OUT_CELLS_PER_IMAGE,
    seed + 1,
    tick,
  );
  const densities = readout.views.map((_, v) =>
    fitDensity(sample.rows[v], sample.outputs[v], heldOut.rows[v], readout, seed),
  );
  const standards = await standardsOf(network, densities, standardise, readout, tick);
  const views = readout.views.map((name, v) => ({
    name,
    receptiveField: parseView(name).receptiveField,
    dim: densities[v].dim,
    density: densities[v].kind,
    ...(densities[v].kind === 'nearest' ? { mix: densities[v].mix } : {}),
    standard: standards[v],
  }));
  return { network, densities, views };
}

/** The stored description of a learned detector. */
export function detectorSpec(
  learned: LearnedDetector,
  readout: Readout,
  files: { readonly network: string; readonly density: string },
): DetectorSpec {
  const layers = learned.network.map(({ kernel, stride, channels }) => ({
    kernel,
    stride,
    channels,
  }));
  const { sigma, borderCorrection, topShare } = readout;
  return {
    network: { layers, file: files.network },
    views: [...learned.views],
    densityFile: files.density,
    map: { stride: 4, sigma, borderCorrection, topShare },
  };
}

function wantsStatistics(readout: Readout): boolean {
  return readout.views.some((name) => parseView(name).statistics);
}

/** Runs the network over images and keeps some random cells of each, or all. */
async function sampleCells(
  network: FoldedNetwork,
  images: readonly GoodImage[],
  readout: Readout,
  perImage: number,
  seed: number,
  tick: () => Promise<void>,
): Promise<Sample & { readonly outputs: readonly ViewOutput[] }> {
  const encoder = new TensorEncoder(
    network,
    readout.views.map((name) => viewRequest(network, name)),
  );
  const parts: Float32Array[][] = readout.views.map(() => []);
  let outputs: ViewOutput[] = [];
  try {
    for (let n = 0; n < images.length; n++) {
      const input = prepareFrame(
        images[n].pixels,
        Number.POSITIVE_INFINITY,
        wantsStatistics(readout),
      );
      outputs = await encoder.encode(input);
      outputs.forEach((output, v) => {
        parts[v].push(someCells(output, perImage, Random.for(seed, 'cells', n)));
      });
      await tick();
    }
  } finally {
    encoder.dispose();
  }
  return { rows: parts.map(concatenate), outputs };
}

function someCells({ embeddings, dim }: ViewOutput, count: number, random: Random): Float32Array {
  const cells = embeddings.length / dim;
  if (cells <= count) return embeddings;
  const out = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const cell = random.integer(0, cells - 1);
    out.set(embeddings.subarray(cell * dim, (cell + 1) * dim), i * dim);
  }
  return out;
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function fitDensity(
  rows: Float32Array,
  { dim, lattice }: ViewOutput,
  heldOut: Float32Array,
  { density, centres }: Readout,
  seed: number,
): Density {
  switch (density) {
    case 'gaussian':
      return fitGaussian(rows, dim);
    case 'nearest':
      return fitNearest(rows, dim, heldOut, { centres, seed });
    case 'kernel':
      return fitKernel(rows, dim, { centres, folds: KERNEL_FOLDS, seed });
    case 'location':
      return fitLocation(rows, lattice.rows, lattice.cols, dim);
  }
}

/** Mean and deviation of each view's scores over all cells of held-out good frames. */
async function standardsOf(
  network: FoldedNetwork,
  densities: readonly Density[],
  images: readonly GoodImage[],
  readout: Readout,
  tick: () => Promise<void>,
): Promise<{ mean: number; deviation: number }[]> {
  const requests = readout.views.map((name, v) => scoringRequest(network, name, densities[v]));
  const encoder = new TensorEncoder(network, requests);
  const scores: Float32Array[][] = densities.map(() => []);
  try {
    for (const { pixels } of images) {
      const input = prepareFrame(pixels, Number.POSITIVE_INFINITY, wantsStatistics(readout));
      const outputs = await encoder.encode(input);
      densities.forEach((density, v) => {
        scores[v].push(viewScores(density, outputs[v]));
      });
      await tick();
    }
  } finally {
    encoder.dispose();
  }
  return scores.map((parts) => standardisation(concatenate(parts)));
}
