import type { Judgement, Rejection, ScoreGrid } from '../../src/frame/frame.js';

export const GRID: ScoreGrid = {
  rows: 2,
  cols: 3,
  stride: 4,
  offset: 3.5,
  scores: Float32Array.of(-1, 0, 0.5, 1, 7.25, 3),
};

export const OK: Judgement = {
  verdict: 'ok',
  score: 1.25,
  threshold: 4.5,
  regions: [],
  grid: GRID,
  size: { width: 320, height: 240 },
  model: { id: 'a'.repeat(64), name: 'screw' },
  timings: { wait: 0.12345678, decode: 1.5, encode: 20, density: 2, map: 3, overlay: 0 },
};

export const ANOMALOUS: Judgement = {
  ...OK,
  verdict: 'anomalous',
  score: 9.75,
  regions: [{ x: 10, y: 20, width: 30, height: 40, areaPx: 900, peak: 12.5, mean: 8.5 }],
  timings: { ...OK.timings, overlay: 4.25 },
  overlay: Uint8Array.of(0xff, 0xd8, 0xff),
};

export const REJECTED: Rejection = {
  verdict: 'rejected',
  code: 'PL_IMAGE_UNREADABLE',
  message: 'frame 7 is empty (0 bytes)',
};
