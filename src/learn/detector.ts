/** Stage two (CutPaste §2.1, Eq. 2): the density of good patches in what the network says of them. */
import type { ViewRequest } from '../backend/encoder.js';
import type { FoldedNetwork } from '../cutpaste/network.js';
import type { Density } from '../density/density.js';
import { fitGaussian, fitKernel, fitLocation, fitNearest } from '../density/fit.js';
import { type Standard, standardisation } from '../density/standard.js';
import { parseView, scoringRequest, viewRequest, viewScores } from '../detect/detector.js';
import { PatchlineError } from '../errors.js';
import { latticeOf } from '../localize/grid.js';
import type { DetectorSpec, ViewSpec } from '../model/manifest.js';
import type { GoodImage } from './images.js';
import type { Readout } from './options.js';
import { encodeImages, sampleCells, type Watch } from './sample.js';
import { withVariations } from './variation.js';

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
/** Memory for all grids of one view, and for its densities, where each place has its own. */
const GRID_BYTES = 2 ** 28;
const LOCATION_BYTES = 2 ** 28;

/**
 * Fits a density to each view on `fit` images and standardises it on `standardise` images, both also
 * as the readout's tolerance varies them.
 *
 * @throws PL_NUMERIC if the images say nothing to fit, PL_CONFIG (usage) if a density per location
 *   would be too large for frames of this size
 */
export async function fitDetector(
  network: FoldedNetwork,
  fit: readonly GoodImage[],
  standardise: readonly GoodImage[],
  { readout, seed, onImage, signal }: FitOptions,
): Promise<LearnedDetector> {
  const requests = readout.views.map((name) => viewRequest(network, name));
  const chosen = withVariations(fit.slice(0, FIT_IMAGES), readout.tolerance, seed);
  const others = withVariations(standardise, readout.tolerance, seed + 1);
  const byPlace = readout.density === 'location';
  const heldOut = readout.density === 'nearest' ? others : [];
  const passes = byPlace ? requests.map((request) => imagesThatFit(chosen, request)) : [chosen];
  const total = [...passes, heldOut, others].reduce((n, images) => n + images.length, 0);
  let done = 0;
  const watch = { onImage: () => onImage(++done, total), ...(signal && { signal }) };
  const densities = byPlace
    ? await fitLocations(network, requests, passes, seed, watch)
    : await fitShared(network, requests, chosen, heldOut, readout, seed, watch);
  const standards = await standardsOf(network, densities, others, readout, watch);
  const views = readout.views.map((name, v) => viewSpec(name, densities[v], standards[v]));
  return { network, densities, views };
}

function viewSpec(name: string, density: Density, standard: Standard): ViewSpec {
  const { kind, dim } = density;
  const { receptiveField } = parseView(name);
  const mix = kind === 'nearest' ? { mix: density.mix } : {};
  return { name, receptiveField, dim, density: kind, ...mix, standard };
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
  const { sigma, borderCorrection, topShare, centred } = readout;
  return {
    network: { layers, file: files.network },
    views: [...learned.views],
    densityFile: files.density,
    map: { stride: 4, sigma, borderCorrection, topShare, centred },
  };
}

/** One density for all places of a view. */
async function fitShared(
  network: FoldedNetwork,
  requests: readonly ViewRequest[],
  fit: readonly GoodImage[],
  heldOut: readonly GoodImage[],
  { density, centres }: Readout,
  seed: number,
  watch: Watch,
): Promise<Density[]> {
  const sample = (images: readonly GoodImage[], perImage: number, ownSeed: number) =>
    sampleCells(network, requests, images, perImage, ownSeed, watch);
  const rows = await sample(fit, CELLS_PER_IMAGE, seed);
  const others = await sample(heldOut, HELD_OUT_CELLS_PER_IMAGE, seed + 1);
  return requests.map(({ dim }, v) => {
    if (density === 'gaussian') return fitGaussian(rows[v], dim);
    return density === 'nearest'
      ? fitNearest(rows[v], dim, others[v], { centres, seed })
      : fitKernel(rows[v], dim, { centres, folds: KERNEL_FOLDS, seed });
  });
}

/** A density for each place. View after view, since each needs the whole grids of its images. */
async function fitLocations(
  network: FoldedNetwork,
  requests: readonly ViewRequest[],
  images: readonly (readonly GoodImage[])[],
  seed: number,
  watch: Watch,
): Promise<Density[]> {
  const densities: Density[] = [];
  for (const [v, request] of requests.entries()) {
    const { rows, cols } = latticeOf(images[v][0].pixels, request.receptiveField);
    const grids = await sampleCells(network, [request], images[v], rows * cols, seed, watch);
    densities.push(fitLocation(grids[0], rows, cols, request.dim));
  }
  return densities;
}

/** As many images as have room for their whole grids. @throws PL_CONFIG (usage) */
function imagesThatFit(
  images: readonly GoodImage[],
  { name, receptiveField, dim }: ViewRequest,
): readonly GoodImage[] {
  const { rows, cols } = latticeOf(images[0].pixels, receptiveField);
  const gridBytes = 4 * rows * cols * dim;
  const needed = gridBytes * dim;
  if (needed <= LOCATION_BYTES) return images.slice(0, Math.floor(GRID_BYTES / gridBytes));
  throw new PatchlineError(
    'PL_CONFIG',
    `a density for each of the ${rows}×${cols} places of view ${name} takes ${Math.ceil(needed / 2 ** 20)} MiB, more than ${LOCATION_BYTES / 2 ** 20}`,
    { disposition: 'usage', hint: 'learn at a smaller input size, or use another density' },
  );
}

/** Mean and deviation of each view's scores over all cells of held-out good frames. */
async function standardsOf(
  network: FoldedNetwork,
  densities: readonly Density[],
  images: readonly GoodImage[],
  { views }: Readout,
  watch: Watch,
): Promise<Standard[]> {
  const requests = views.map((name, v) => scoringRequest(network, name, densities[v]));
  const scores: Float32Array[] = views.map(() => new Float32Array());
  await encodeImages(network, requests, images, watch, (outputs, n) => {
    outputs.forEach((output, v) => {
      const ofImage = viewScores(densities[v], output);
      if (n === 0) scores[v] = new Float32Array(images.length * ofImage.length);
      scores[v].set(ofImage, n * ofImage.length);
    });
  });
  return scores.map(standardisation);
}
