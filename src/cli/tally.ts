import type { Tally } from '../stream/service.js';
import { count } from './format.js';

/** What became of a run's frames, in a line. */
export function describeTally({ ok, anomalous, rejected }: Tally): string {
  const frames = count(ok + anomalous + rejected, 'frame');
  return `${frames}: ${ok} ok, ${anomalous} with defects, ${rejected} rejected`;
}
