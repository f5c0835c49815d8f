/** What became of the frames that were sent, by the results that came out. */
import type { ResultMessage } from '../../../src/stream/result.js';
import type { ReadRecord } from './read.js';

export interface Account {
  readonly sent: number;
  /** Frames with at least one result. */
  readonly distinct: number;
  readonly lost: number;
  /** Results beyond the first of a frame. They are the same frame by id, or they would be distinct. */
  readonly duplicates: number;
  /** Results, duplicates removed, that come after one of a later frame of the same camera. */
  readonly outOfOrder: number;
  readonly rejected: number;
}

/** @param results in the order of their partitions: a camera's are all in one */
export function accountOf(sent: number, results: readonly ReadRecord[]): Account {
  const seen = new Set<string>();
  const last = new Map<string, bigint>();
  let outOfOrder = 0;
  let rejected = 0;
  for (const { value } of results) {
    const { frame, verdict } = JSON.parse(String(value)) as ResultMessage;
    if (seen.has(frame.id)) continue;
    seen.add(frame.id);
    if (verdict === 'rejected') rejected++;
    const offset = BigInt(frame.offset);
    if (offset < (last.get(frame.camera) ?? -1n)) outOfOrder++;
    last.set(frame.camera, offset);
  }
  const distinct = seen.size;
  return {
    sent,
    distinct,
    lost: sent - distinct,
    duplicates: results.length - distinct,
    outOfOrder,
    rejected,
  };
}
