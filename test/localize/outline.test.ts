import test from 'ava';
import { distanceTo, renderOutline } from '../../src/localize/outline.js';

test('chessboard distances by hand', (t) => {
  const size = { width: 5, height: 4 };
  const mask = new Uint8Array(20);
  mask[1 * 5 + 1] = 255;
  t.deepEqual(
    [...distanceTo(mask, size)],
    [...[1, 1, 1, 2, 3], ...[1, 0, 1, 2, 3], ...[1, 1, 1, 2, 3], ...[2, 2, 2, 2, 3]],
  );
  t.true(distanceTo(new Uint8Array(20), size).every((distance) => distance === Infinity));
});

test('a white ring on a dark edge, two lines clear of the mask', (t) => {
  const size = { width: 11, height: 11 };
  const mask = new Uint8Array(121);
  mask[5 * 11 + 5] = 1;
  const pixels = { ...size, data: new Uint8Array(363).fill(100) };
  const { data } = renderOutline(pixels, mask);
  const middle = Array.from({ length: 11 }, (_, x) => data[3 * (5 * 11 + x)]);
  t.deepEqual(middle, [100, 16, 255, 100, 100, 100, 100, 100, 255, 16, 100]);
  t.true(pixels.data.every((value) => value === 100));
  t.deepEqual(renderOutline(pixels, new Uint8Array(121)), pixels);
});
