import test from 'ava';
import { cutPatches } from '../../src/frame/patches.js';

/** 6 × 4 px; the red of a pixel tells its place: 10 y + x. */
const PIXELS = {
  width: 6,
  height: 4,
  data: Uint8Array.from({ length: 72 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return i % 3 === 0 ? 10 * Math.floor(pixel / 6) + (pixel % 6) : 100 + (i % 3);
  }),
};

function reds(patches: Uint8Array): number[] {
  return [...patches].filter((_, i) => i % 3 === 0);
}

test('cuts windows at their corners, the last of the frame included', (t) => {
  const corners = [
    { x: 0, y: 0 },
    { x: 3, y: 1 },
    { x: 4, y: 2 },
  ];
  const patches = cutPatches(PIXELS, corners, { width: 2, height: 2 });
  t.deepEqual(reds(patches), [0, 1, 10, 11, 13, 14, 23, 24, 24, 25, 34, 35]);
  t.deepEqual([...patches.slice(0, 6)], [0, 101, 102, 1, 101, 102], 'all three colours go along');
});

test('windows need not be square', (t) => {
  const patches = cutPatches(PIXELS, [{ x: 1, y: 1 }], { width: 3, height: 2 });
  t.deepEqual(reds(patches), [11, 12, 13, 21, 22, 23]);
});

test('one window of the whole frame is a copy of it', (t) => {
  const patches = cutPatches(PIXELS, [{ x: 0, y: 0 }], PIXELS);
  t.deepEqual(patches, PIXELS.data);
  t.not(patches.buffer, PIXELS.data.buffer);
});

test('no corners, no patches', (t) => {
  t.is(cutPatches(PIXELS, [], { width: 2, height: 2 }).length, 0);
});
