/**
 * The port to numeric engines: a network over the tiles of a frame, and the linear parts of the
 * densities behind it, so that all heavy arithmetic is done where it is fast.
 */
import type { Pixels, Size } from '../frame/pixels.js';
import type { Lattice } from '../localize/grid.js';
import type { TileGroup } from '../localize/tiling.js';

/** y = x·weights + bias, for each cell. */
export interface LinearMap {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array; // [inputs, outputs]
  readonly bias: Float32Array; // [outputs]
}

/** One reading of a frame, and what to compute of it. */
export interface ViewRequest {
  readonly name: string;
  readonly receptiveField: number;
  /** Numbers of an embedding. */
  readonly dim: number;
  /** Where the embeddings come from: a layer's output before its ReLU, or the frame's statistics. */
  readonly source:
    | { readonly kind: 'layer'; readonly layer: number }
    | { readonly kind: 'statistics'; readonly window: 8 | 16 };
  /** Embedding → whitened embedding z. Without it z is the embedding itself. */
  readonly whiten?: LinearMap;
  readonly want: Want;
}

/** What comes back of each z: all that leaves the engine has to be copied, so no more than needed. */
type Want =
  | { readonly kind: 'embedding' | 'squaredNorm' }
  | { readonly kind: 'squaredDistances'; readonly centres: Float32Array } // [centres, dim]
  | NearestWant;

/** slope·distance + intercept, of the nearest centre and the distance to it. */
export interface NearestWant {
  readonly kind: 'nearest';
  readonly centres: Float32Array; // [centres, dim]
  readonly slope: Float32Array; // [centres]
  readonly intercept: Float32Array; // [centres]
}

/** A frame ready for the network: cut into tiles, with its statistics. */
export interface EncoderInput {
  readonly size: Size;
  readonly groups: readonly (TileGroup & { readonly pixels: Uint8Array })[]; // [tiles, h, w, 3]
  /** May be left out of whole frames for a back end that computes them itself (`Backend.gpu`). */
  readonly statistics: { readonly 8?: Float32Array; readonly 16?: Float32Array }; // [rows, cols, 14]
}

export interface ViewOutput {
  readonly lattice: Lattice;
  /**
   * What was wanted: [rows, cols, dim] embeddings, [rows, cols, centres] squared distances, or
   * [rows, cols]. Rounding can make what is squared slightly negative.
   */
  readonly values: Float32Array;
}

export function readsLayer({ source }: Pick<ViewRequest, 'source'>): boolean {
  return source.kind === 'layer';
}

/** Index of the layer that a view reads; −1 where it reads statistics. */
export function layerOf({ source }: Pick<ViewRequest, 'source'>): number {
  return source.kind === 'layer' ? source.layer : -1;
}

/** What a back end holds in this thread. */
export interface BackendMemory {
  readonly bytes: number;
  readonly tensors: number;
}

/** A network that says of a whole frame what it is. */
export interface ImageEncoder {
  readonly backend: string;
  /** The embedding of a frame: [dim]. */
  embed(frame: Pixels): Promise<Float32Array>;
  memory(): BackendMemory;
  dispose(): void;
}

export interface Encoder {
  readonly backend: string;
  /** For each frame one output for each requested view. */
  encode(frames: readonly EncoderInput[]): Promise<ViewOutput[][]>;
  memory(): BackendMemory;
  dispose(): void;
}
