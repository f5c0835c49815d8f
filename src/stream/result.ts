/** The message that says what became of a frame (DESIGN §7): one a frame, whatever carries it. */
import type { Frame, Outcome, Region, ScoreGrid, Stage, Verdict } from '../frame/frame.js';
import type { LineStatus } from '../watch/line-state.js';
import type { Standing } from '../watch/standing.js';

export const RESULT_SCHEMA = 'patchline.result/1';

export interface ResultMessage {
  readonly schema: typeof RESULT_SCHEMA;
  readonly frame: {
    readonly id: string;
    readonly camera: string;
    /** RFC 3339 */
    readonly capturedAt: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: string;
    /** Of the frame that came in; absent where it could not be read. */
    readonly width?: number;
    readonly height?: number;
  };
  readonly verdict: Verdict;
  readonly model?: { readonly id: string; readonly name: string };
  readonly score?: number;
  readonly threshold?: number;
  /** Where the line of the camera stands after this frame. */
  readonly line?: Omit<LineStatus, 'before'>;
  readonly regions?: readonly Region[];
  /** How many regions were left out, because the carrier takes no larger message. */
  readonly omittedRegions?: number;
  /** The grid of scores, unless the model judges whole frames; `topic` where it is published, if it is. */
  readonly map?: {
    readonly rows: number;
    readonly cols: number;
    readonly stride: number;
    readonly offset: number;
    readonly topic?: string;
  };
  /** Why the frame was rejected. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly timings?: Readonly<Record<`${Stage}Ms`, number>>;
}

/** @param mapsTopic where the map of this frame is published, if it is */
export function resultMessage(frame: Frame, outcome: Outcome, mapsTopic?: string): ResultMessage {
  const { topic, partition, offset } = frame.origin;
  const about = {
    id: frame.id,
    camera: frame.camera,
    capturedAt: rfc3339(frame.capturedAt),
    topic,
    partition,
    offset,
  };
  const line = outcome.standing && { line: lineOf(outcome.standing) };
  if (outcome.verdict === 'rejected') {
    const { verdict, code, message } = outcome;
    return { schema: RESULT_SCHEMA, frame: about, verdict, error: { code, message }, ...line };
  }
  const { verdict, model, score, threshold, regions, grid, size, timings } = outcome;
  return {
    schema: RESULT_SCHEMA,
    frame: { ...about, ...size },
    verdict,
    model,
    score,
    threshold,
    ...line,
    regions,
    ...(grid && { map: mapOf(grid, mapsTopic) }),
    timings: timingsOf(timings),
  };
}

function mapOf({ rows, cols, stride, offset }: ScoreGrid, topic?: string) {
  return { rows, cols, stride, offset, ...(topic && { topic }) };
}

function lineOf({ line: { state, anomalous, of } }: Standing): Omit<LineStatus, 'before'> {
  return { state, anomalous, of };
}

const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Milliseconds since the epoch as text; a clock that is far off is no reason to fail. */
function rfc3339(ms: number): string {
  return new Date(Math.min(Math.max(ms || 0, 0), LAST_MS)).toISOString();
}

function timingsOf(timings: Readonly<Record<Stage, number>>): Record<`${Stage}Ms`, number> {
  const entries = Object.entries(timings).map(([stage, ms]) => [
    `${stage}Ms`,
    Math.round(ms * 1000) / 1000,
  ]);
  return Object.fromEntries(entries) as Record<`${Stage}Ms`, number>;
}
