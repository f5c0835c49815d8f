/** An engine that computes nothing: it takes its time and derives a verdict from the bytes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame, Outcome, ScoreGrid } from '../../../src/frame/frame.js';
import type { Judge } from '../../../src/stream/pipeline.js';

export interface FakeJudgeOptions {
  /** Each frame takes between this and five times as long, milliseconds. Default 1. */
  readonly workMs?: number;
  /** Regions in each result. Default 1. */
  readonly regions?: number;
  /** Side of the score grid. Default 3. */
  readonly side?: number;
  /** Keeps the frames in `judged`. Default true. */
  readonly keep?: boolean;
}

export const POISON = Buffer.from('poison');

export class FakeJudge implements Judge {
  readonly judged: Frame[] = [];
  readonly #options: FakeJudgeOptions;
  inWork = 0;
  mostInWork = 0;

  constructor(options: FakeJudgeOptions = {}) {
    this.#options = options;
  }

  async judge(frame: Frame): Promise<Outcome> {
    const { workMs = 1, regions = 1, side = 3, keep = true } = this.#options;
    if (frame.problem !== undefined) return { verdict: 'rejected', ...frame.problem };
    if (keep) this.judged.push(frame);
    this.mostInWork = Math.max(this.mostInWork, ++this.inWork);
    await sleep(workMs * (1 + 4 * Math.random()));
    this.inWork--;
    if (POISON.equals(frame.bytes)) {
      return { verdict: 'rejected', code: 'PL_IMAGE_UNREADABLE', message: 'not an image' };
    }
    const grid = gridOf(frame.bytes, side);
    const region = { x: 1, y: 2, width: 3, height: 4, areaPx: 12, peak: 5.5, mean: 4.25 };
    return {
      verdict: frame.bytes[0] > 127 ? 'anomalous' : 'ok',
      score: Math.max(...grid.scores),
      threshold: 2,
      regions: Array.from({ length: regions }, () => region),
      grid,
      size: { width: 64, height: 48 },
      model: { id: 'f'.repeat(64), name: 'fake' },
      timings: { wait: 0, decode: 1, encode: 2, density: 3, map: 4, overlay: 0 },
    };
  }
}

/** [side, side]: scores that depend on the bytes. */
export function gridOf(bytes: Uint8Array, side: number): ScoreGrid {
  const scores = Float32Array.from({ length: side * side }, (_, i) => {
    return ((bytes[i % bytes.length] ?? 0) * (i + 1)) / 64;
  });
  return { rows: side, cols: side, stride: 4, offset: 31.5, scores };
}
