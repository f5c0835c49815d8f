import { availableParallelism } from 'node:os';
import { BACKENDS, type BackendName } from '../backend/backends.js';
import { PatchlineError } from '../errors.js';
import type { Frame } from '../frame/frame.js';
import { BATCHES_AT_ONCE, type BatchOptions, batchesOfSize } from './batches.js';
import type { ModelSet } from './models.js';

/** Which frames get an overlay picture: it costs about as much as the encoder. */
export type OverlayPolicy = 'always' | 'anomalous' | 'never';

export interface EngineOptions {
  readonly models: ModelSet;
  /** Default `wasm`. */
  readonly backend?: BackendName;
  /** Threads that run the network. Default: one a core; one in all, if the back end uses all cores. */
  readonly encoderThreads?: number;
  /**
   * Threads that decode and cut, and that finish what was encoded in batches. Default: one for every
   * four encoder threads; all cores but one, if the back end may run on a GPU.
   */
  readonly decodeThreads?: number;
  /** For a GPU. Default: `DEFAULT_BATCH`. */
  readonly batch?: BatchOptions;
  /** Side of the tiles a frame is cut into, pixels; 64: the paper's patches. Default: whole frames. */
  readonly tile?: number;
  /** Frames of more pixels are rejected. */
  readonly maxPixels?: number;
  /** Asked for each frame. Default: the anomalous ones. */
  readonly overlay?: (frame: Frame) => OverlayPolicy;
}

export const DEFAULT_BATCH: BatchOptions = { frames: 32, ageMs: 5 };

export interface ThreadCounts {
  readonly encode: number;
  readonly decode: number;
}

/** @throws PL_CONFIG (usage) if the back end cannot have so many encoder threads */
export function threadsOf({
  backend = 'wasm',
  ...asked
}: Pick<EngineOptions, 'backend' | 'encoderThreads' | 'decodeThreads'>): ThreadCounts {
  const { encode, decode } = defaultThreads();
  if (!mayTakeBatches(backend)) {
    return { encode: asked.encoderThreads ?? encode, decode: asked.decodeThreads ?? decode };
  }
  if ((asked.encoderThreads ?? 1) === 1) {
    return { encode: 1, decode: asked.decodeThreads ?? Math.max(1, encode - 1) };
  }
  throw new PatchlineError(
    'PL_CONFIG',
    `the back end '${backend}' runs in one encoder thread, not ${asked.encoderThreads}`,
    { disposition: 'usage', hint: 'it uses all cores by itself: leave out --encoder-threads' },
  );
}

/** It runs in one thread, which gets frames in batches if it runs on a GPU. */
export function mayTakeBatches(backend: BackendName): boolean {
  return BACKENDS[backend].oneThread === true;
}

/** Frames that all threads have in work at once. @throws as `threadsOf` */
export function framesInWork(options: EngineOptions): number {
  const { models, backend = 'wasm', batch = DEFAULT_BATCH } = options;
  const { encode, decode } = threadsOf(options);
  if (!mayTakeBatches(backend)) return encode + decode;
  const frames = models.all.map(({ manifest }) => batchesOfSize(manifest.input, batch).frames);
  return BATCHES_AT_ONCE * Math.max(...frames) + decode;
}

export function defaultThreads(cores = availableParallelism()): ThreadCounts {
  return { encode: cores, decode: Math.max(1, Math.round(cores / 4)) };
}
