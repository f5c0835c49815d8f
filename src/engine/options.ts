import { availableParallelism } from 'node:os';
import type { BackendName } from '../backend/backends.js';
import type { Frame } from '../frame/frame.js';
import type { ModelSet } from './models.js';

/** Which frames get an overlay picture: it costs about as much as the encoder. */
export type OverlayPolicy = 'always' | 'anomalous' | 'never';

export interface EngineOptions {
  readonly models: ModelSet;
  /** Default `wasm`. */
  readonly backend?: BackendName;
  /** Threads that run the network. Default: one a core, since wasm uses one thread each. */
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

export function defaultThreads(cores = availableParallelism()): ThreadCounts {
  return { encode: cores, decode: Math.max(1, Math.round(cores / 4)) };
}
