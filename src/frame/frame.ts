import type { Standing } from '../watch/standing.js';
import type { Size } from './pixels.js';

/** How the bytes of a frame are to be read. */
export type FrameEncoding =
  | { readonly kind: 'encoded' } // JPEG, PNG, WebP or TIFF: the bytes say which
  | {
      readonly kind: 'raw';
      readonly width: number;
      readonly height: number;
      readonly channels: 1 | 3 | 4;
    };

/** One image of one camera, as a source delivers it. */
export interface Frame {
  /** Unique and deterministic: the same frame delivered twice has the same id. */
  readonly id: string;
  readonly camera: string;
  /** When the camera took it, milliseconds since the epoch. */
  readonly capturedAt: number;
  readonly bytes: Uint8Array;
  readonly encoding: FrameEncoding;
  /** Where it came from, for results and dead letters. */
  readonly origin: FrameOrigin;
  /** W3C trace context, passed on to the results. */
  readonly traceparent?: string;
  /** Why the source could not read the frame or its description: it is rejected with this. */
  readonly problem?: Pick<Rejection, 'code' | 'message'>;
}

/**
 * `partition` is −1 where the source has none (a folder, the demo line); `offset` then says where
 * in the source the frame was.
 */
export interface FrameOrigin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** A connected area of the anomaly map above the threshold, in pixels of the frame that came in. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly areaPx: number;
  readonly peak: number;
  readonly mean: number;
}

/** The anomaly scores of a frame before upsampling, one a cell of the patch grid. */
export interface ScoreGrid {
  readonly rows: number;
  readonly cols: number;
  /** Distance of neighbouring cells in pixels of the model's input. */
  readonly stride: number;
  /** Centre of cell (0, 0) in pixels of the model's input; cell i sits at offset + i·stride. */
  readonly offset: number;
  /** [rows, cols], row-major. */
  readonly scores: Float32Array;
}

export type Verdict = 'ok' | 'anomalous' | 'rejected';

/** What the engine says of a frame that it could judge. */
export interface Judgement {
  readonly verdict: 'ok' | 'anomalous';
  readonly score: number;
  readonly threshold: number;
  readonly regions: readonly Region[];
  /** Absent where the model judges the frame as a whole; then there are no regions either. */
  readonly grid?: ScoreGrid;
  /** Size of the frame that came in. */
  readonly size: Size;
  readonly model: { readonly id: string; readonly name: string };
  /** Milliseconds spent in each stage. */
  readonly timings: Readonly<Record<Stage, number>>;
  /** The overlay as a JPEG, where one was asked for. */
  readonly overlay?: Uint8Array;
  /** Known once it is the frame's turn to be published. */
  readonly standing?: Standing;
}

/** A frame that could not be judged, and why. */
export interface Rejection {
  readonly verdict: 'rejected';
  readonly code: string;
  readonly message: string;
  readonly standing?: Standing;
}

/** What became of a frame: exactly one of these for each frame that the engine admits. */
export type Outcome = Judgement | Rejection;

export const STAGES = ['wait', 'decode', 'encode', 'density', 'map', 'overlay'] as const;
export type Stage = (typeof STAGES)[number];
