import test from 'ava';
import { clippedShare } from '../../src/learn/exposure.js';

const image = (...data: number[]) => ({
  name: 'image',
  pixels: { width: data.length / 3, height: 1, data: Uint8Array.from(data) },
});

test('a pixel clips where one of its channels reaches full scale', (t) => {
  const images = [image(255, 0, 0, 254, 254, 254), image(0, 0, 213, 10, 212, 10)];
  t.is(clippedShare(images, 0), 1 / 4);
  t.is(clippedShare(images, 0.2), 3 / 4); // 213 · 1.2 = 255.6, 212 · 1.2 = 254.4
});
