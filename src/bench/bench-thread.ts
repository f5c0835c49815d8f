/** What a bench thread does: runs a network in a loop, as fast as it can. */
import * as tf from '@tensorflow/tfjs-core';
import { workerData } from 'piscina';
import { type BackendName, startBackend } from '../backend/backends.js';
import type { Encoder } from '../backend/encoder.js';
import { ResNet18 } from '../cutpaste/resnet18/inference.js';
import { neutralMoments } from '../cutpaste/resnet18/moments.js';
import { foldResNet18, initialResNet18 } from '../cutpaste/resnet18/weights.js';
import { parseView, viewRequest } from '../detect/detector.js';
import { patchLevel } from '../detect/image-detector.js';
import { LoadedDetector } from '../detect/model.js';
import { prepareFrame } from '../detect/prepare.js';
import { batchesAtOnce, batchesOfSize } from '../engine/batches.js';
import { DEFAULT_BATCH } from '../engine/options.js';
import { cutPatches } from '../frame/patches.js';
import type { Pixels } from '../frame/pixels.js';
import { tiles } from '../localize/grid.js';
import { PATCH } from '../localize/tiling.js';
import type { Bundle } from '../model/bundle.js';
import { networkFrom } from '../model/detector-tensors.js';
import type { Normalisation } from '../model/manifest.js';

/**
 * `network`: the model's convolutions over a frame. `encoder`: these and the linear parts of the
 * densities, as the engine calls it. `resnet18-patches`: the paper's backbone on single patches.
 */
export type Work = 'network' | 'encoder' | 'resnet18-patches';

export interface BenchThreadData {
  readonly backend: BackendName;
  readonly bundle: Bundle;
  /** At the size of the model's input. */
  readonly frames: readonly Pixels[];
  /** How many patches of a frame `resnet18-patches` runs on; the rest is extrapolated. */
  readonly patches: number;
}

export interface BenchTask {
  readonly work: Work;
  readonly seconds: number;
}

export interface BenchCount {
  readonly frames: number;
  readonly ms: number;
}

const { backend: name, bundle, frames, patches } = workerData as BenchThreadData;
const backend = await startBackend(name);
const works: Readonly<Record<Work, () => Promise<number>>> = {
  network: overFrames(await networkAlone()),
  encoder: overFrames((await LoadedDetector.load(bundle, backend)).encoder),
  'resnet18-patches': resnet18Work(frames[0], bundle.manifest.normalisation),
};

/** Works until the time is over, at least once. */
export async function measure({ work, seconds }: BenchTask): Promise<BenchCount> {
  const start = performance.now();
  const end = start + 1000 * seconds;
  let done = 0;
  do done += await works[work]();
  while (performance.now() < end);
  return { frames: done, ms: performance.now() - start };
}

/** The convolutions of the model, and nothing of its densities. */
function networkAlone(): Promise<Encoder> {
  const { network: spec, views } = patchLevel(bundle.manifest.detector);
  const network = networkFrom(bundle.tensors[spec.file], spec);
  const layers = views.map(({ name }) => name).filter((name) => !parseView(name).statistics);
  return backend.encoder(
    network,
    layers.map((name) => viewRequest(network, name)),
  );
}

/** The frames in turn, as many at once as the engine has them. → frames done by a call */
function overFrames(encoder: Encoder): () => Promise<number> {
  const statistics = backend.gpu === true ? 'of tiles' : true;
  const inputs = frames.map((frame) => prepareFrame(frame, Number.POSITIVE_INFINITY, statistics));
  const { frames: size } = batchesOfSize(bundle.manifest.input, DEFAULT_BATCH);
  const count = backend.gpu === true ? size : 1;
  let next = 0;
  const encode = () =>
    encoder.encode(Array.from({ length: count }, () => inputs[next++ % inputs.length]));
  const atOnce = backend.gpu === true ? batchesAtOnce(1) : 1;
  return async () => {
    await Promise.all(Array.from({ length: atOnce }, encode));
    return atOnce * count;
  };
}

/** Patches in one call of ResNet-18: larger batches are no faster on a CPU. */
const BATCH = 32;

/** The paper's way (CutPaste §4.2): each patch of the lattice goes through the network by itself. */
function resnet18Work(frame: Pixels, normalisation: Normalisation): () => Promise<number> {
  const all = tiles(frame, PATCH);
  const count = Math.min(patches, all.length);
  const chosen = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);
  const pixels = normalised(
    cutPatches(frame, chosen, { width: PATCH, height: PATCH }),
    normalisation,
  );
  const area = PATCH * PATCH * 3;
  let network: ResNet18 | undefined; // 45 MB, and seconds to make: only where it is wanted
  return async () => {
    network ??= bornResNet18();
    for (let from = 0; from < count; from += BATCH) {
      const batch = pixels.subarray(from * area, Math.min(from + BATCH, count) * area);
      embed(network, batch);
    }
    return count / all.length;
  };
}

/** What the network costs does not depend on its weights. */
function bornResNet18(): ResNet18 {
  const network = initialResNet18(1);
  return new ResNet18(foldResNet18(network, neutralMoments(network)));
}

/** Embeds [n, 64, 64, 3] and reads the result, so that nothing is left to do. */
function embed(network: ResNet18, pixels: Float32Array): void {
  tf.tidy(() => {
    const n = pixels.length / (PATCH * PATCH * 3);
    network.forward(tf.tensor4d(pixels, [n, PATCH, PATCH, 3])).dataSync();
  });
}

function normalised(pixels: Uint8Array, { mean, deviation }: Normalisation): Float32Array {
  return Float32Array.from(pixels, (value, i) => (value / 255 - mean[i % 3]) / deviation[i % 3]);
}
