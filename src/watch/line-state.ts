/**
 * From the verdicts of a camera's frames to the state of its line, so that one noisy frame stops
 * nobody's line. Pure.
 */
export const LINE_STATES = ['ok', 'warning', 'alarm'] as const;
export type LineState = (typeof LINE_STATES)[number];

/** Where the line stands after a frame. */
export interface LineStatus {
  readonly state: LineState;
  /** How many of the last `of` judged frames were anomalous. */
  readonly anomalous: number;
  readonly of: number;
  /** Whether the state is another one than before the frame. */
  readonly changed: boolean;
}
