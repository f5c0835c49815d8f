import { availableParallelism } from 'node:os';
import { BACKENDS, type BackendName } from '../backend/backends.js';
import { PatchlineError } from '../errors.js';
import type { Frame } from '../frame/frame.js';
import type { ModelSet } from './models.js';

/** Which frames get an overlay picture: it costs about as much as the encoder. */
export type OverlayPolicy = 'always' | 'anomalous' | 'never';

export interface EngineOptions {
  readonly models: ModelSet;
  /** Default `wasm`. */
  readonly backend?: BackendName;
  /** Threads that run the network. Default: one a core; one in all, if the back end uses all cores. */
  readonly encoderThreads?: number;
  /** Threads that decode and cut. Default: one for every four encoder threads. */
  readonly decodeThreads?: number;
  /** Side of the tiles a frame is cut into, pixels; 64: the paper's patches. Default: whole frames. */
  readonly tile?: number;
  /** Frames of more pixels are rejected. */
  readonly maxPixels?: number;
  /** Asked for each frame. Default: the anomalous ones. */
  readonly overlay?: (frame: Frame) => OverlayPolicy;
}

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
  const decodeThreads = asked.decodeThreads ?? decode;
  if (!BACKENDS[backend].oneThread) {
    return { encode: asked.encoderThreads ?? encode, decode: decodeThreads };
  }
  if ((asked.encoderThreads ?? 1) === 1) return { encode: 1, decode: decodeThreads };
  throw new PatchlineError(
    'PL_CONFIG',
    `the back end '${backend}' runs in one encoder thread, not ${asked.encoderThreads}`,
    { disposition: 'usage', hint: 'it uses all cores by itself: leave out --encoder-threads' },
  );
}

export function defaultThreads(cores = availableParallelism()): ThreadCounts {
  return { encode: cores, decode: Math.max(1, Math.round(cores / 4)) };
}
