import type { FoldedNetwork } from '../cutpaste/network.js';
import type { FoldedResNet18 } from '../cutpaste/resnet18/weights.js';
import type { Normalisation } from '../model/manifest.js';
import type { Encoder, ImageEncoder, ViewRequest } from './encoder.js';

/** A numeric engine that runs in this thread. */
export interface Backend {
  readonly name: string;
  /** What the last bits of its results depend on besides its name: version, device, threads. */
  readonly details?: string;
  /** It is worth its while with many frames in a call, and computes their statistics itself. */
  readonly gpu?: boolean;
  /**
   * Puts a network and the linear parts of the densities onto it.
   *
   * @param network takes pixels as bytes (see `foldInput`)
   */
  encoder(network: FoldedNetwork, views: readonly ViewRequest[]): Promise<Encoder>;
  /** Absent where image-level detectors cannot run. */
  imageEncoder?(network: FoldedResNet18, normalisation: Normalisation): Promise<ImageEncoder>;
}

/** What is known of a back end before any of its code is loaded. */
export interface BackendDefinition {
  /** For `--help`: what it is and what it needs. */
  readonly summary: string;
  /** It is a back end of TensorFlow.js, and networks can be trained on it. */
  readonly trains: boolean;
  /** `auto` tries it. */
  readonly automatic: boolean;
  /**
   * It uses all cores by itself, or a GPU, and runs in one thread unless more are asked for; others use
   * one core and run in as many threads as there are cores.
   */
  readonly allCores?: boolean;
  /** Only one thread of a process may load it. */
  readonly oneThread?: boolean;
  /** Loads and starts it in this thread. @throws why it cannot run on this machine */
  readonly start: () => Promise<Backend>;
}

/** `tensorflow (2.21.0, CPU, 2 threads, oneDNN)`: what a model was trained on. */
export function backendText({ name, details }: Backend): string {
  return details === undefined ? name : `${name} (${details})`;
}
