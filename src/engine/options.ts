import { availableParallelism } from 'node:os';
import { BACKENDS, type BackendName } from '../backend/backends.js';
import { isImageLevel } from '../detect/image-detector.js';
import { PatchlineError } from '../errors.js';
import type { Frame } from '../frame/frame.js';
import { type BatchOptions, batchesAtOnce, batchesOfSize } from './batches.js';
import type { ModelSet } from './models.js';

/** Which frames get an overlay picture: it costs about as much as the encoder. */
export type OverlayPolicy = 'always' | 'anomalous' | 'never';

export interface EngineOptions {
  readonly models: ModelSet;
  /** Default `wasm`. */
  readonly backend?: BackendName;
  /** Threads that run the network. Default: one a core; one in all, if the back end uses all cores or a GPU. */
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
export function threadsOf(options: EngineOptions): ThreadCounts {
  const { backend = 'wasm', encoderThreads, decodeThreads } = options;
  const byCores = defaultThreads();
  if (!mayTakeBatches(backend)) {
    return { encode: encoderThreads ?? byCores.encode, decode: decodeThreads ?? byCores.decode };
  }
  const encode = encoderThreads ?? 1;
  if (encode > 1) assertThreads(options, backend);
  return { encode, decode: decodeThreads ?? Math.max(1, byCores.encode - encode) };
}

/** Several threads may share TensorFlow's graphs, but not the single operations of image-level models. */
function assertThreads({ models, encoderThreads }: EngineOptions, backend: BackendName): void {
  const imageLevel = models.all.find(({ manifest }) => isImageLevel(manifest.detector));
  if (!BACKENDS[backend].oneThread && imageLevel === undefined) return;
  const where =
    imageLevel === undefined ? '' : ` with the image-level model ${imageLevel.manifest.name}`;
  throw new PatchlineError(
    'PL_CONFIG',
    `the back end '${backend}' runs in one encoder thread${where}, not ${encoderThreads}`,
    { disposition: 'usage', hint: 'it uses all cores by itself: leave out --encoder-threads' },
  );
}

/** It uses all cores, and gets frames in batches if it runs on a GPU. */
export function mayTakeBatches(backend: BackendName): boolean {
  return BACKENDS[backend].allCores === true;
}

/** Frames that all threads have in work at once. @throws as `threadsOf` */
export function framesInWork(options: EngineOptions): number {
  const { models, backend = 'wasm', batch = DEFAULT_BATCH } = options;
  const { encode, decode } = threadsOf(options);
  if (!mayTakeBatches(backend)) return encode + decode;
  const frames = models.all.map(({ manifest }) => batchesOfSize(manifest.input, batch).frames);
  return batchesAtOnce(encode) * Math.max(...frames) + decode;
}

export function defaultThreads(cores = availableParallelism()): ThreadCounts {
  return { encode: cores, decode: Math.max(1, Math.round(cores / 4)) };
}
