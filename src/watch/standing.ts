import type { DriftStatus } from './drift.js';
import type { LineStatus } from './line-state.js';

/** How a camera stands after a frame, seen over its last ones. */
export interface Standing {
  readonly line: LineStatus;
  /** Absent before there are enough frames, and where the calibration tells too little. */
  readonly drift?: DriftStatus;
  /** α of the camera's model: what share of good frames it calls anomalous at most. */
  readonly alpha?: number;
}
