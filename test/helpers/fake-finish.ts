import type { FinishedFrame } from '../../src/engine/finish.js';
import type { OverlayPolicy } from '../../src/engine/options.js';
import type { Pixels } from '../../src/frame/pixels.js';

/** A frame whose bytes say `anomalous` is, all others are ok. */
export function fakeVerdict(frame: Pixels, wantsMap: OverlayPolicy): FinishedFrame {
  const verdict = Buffer.from(frame.data).toString() === 'anomalous' ? 'anomalous' : 'ok';
  const isWanted = wantsMap === 'always' || (wantsMap === 'anomalous' && verdict === 'anomalous');
  const scores = Float32Array.of(1, 2);
  return {
    verdict,
    score: 1,
    regions: [],
    grid: { rows: 1, cols: 2, stride: 4, offset: 3.5, scores },
    densityMs: 1,
    mapMs: 1,
    map: isWanted ? { scores, frame } : undefined,
  };
}
