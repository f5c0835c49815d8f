import test from 'ava';
import type { Pixels } from '../../src/frame/pixels.js';
import { placeShare, shareExplained } from '../../src/learn/alignment.js';
import { Random } from '../../src/random.js';
import { renderGood } from '../../src/stream/line/surface.js';
import { near } from '../helpers/near.js';

const frames = (...values: number[][]) => values.map((frame) => Float32Array.from(frame));

test('hand case: two frames of two places', (t) => {
  // Mean square between the frames at a place (1 + 1 + 1 + 1) / 2 = 2, over all 20 / 4 = 5.
  near(t, [shareExplained(frames([3, -3], [1, -1]), 1)], [1 - 2 / 5], 1e-12);
  // The second number is the first of another light, which does not count; the third never varies.
  const lit = frames([3, 13, 7, -3, 7, 7], [1, -4, 7, -1, -6, 7]);
  near(t, [shareExplained(lit, 3)], [1 - 2 / 5], 1e-12);
});

test('the same in each frame is 1, noise is 0 on average however few the frames are', (t) => {
  const random = new Random(1);
  const noise = () => Float32Array.from({ length: 4000 }, () => random.normal());
  const frame = noise();
  near(t, [shareExplained([frame, frame, frame], 2)], [1], 1e-12);
  for (const n of [2, 5, 40]) {
    const share = shareExplained(Array.from({ length: n }, noise), 2);
    t.true(Math.abs(share) < 0.05, `${n} frames: ${share}`);
  }
});

/** The picture moved by (x, y), its rest repeated. */
function moved({ width, height, data }: Pixels, x: number, y: number): Pixels {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < width * height; i++) {
    const column = ((i % width) + x) % width;
    const row = (Math.floor(i / width) + y) % height;
    out.set(data.subarray(3 * (row * width + column), 3 * (row * width + column) + 3), 3 * i);
  }
  return { width, height, data: out };
}

test('a printed carton is aligned; moved about, or a texture, it is not', (t) => {
  const random = new Random(2);
  const images = (draw: (n: number) => Pixels) =>
    Array.from({ length: 8 }, (_, n) => ({ name: `${n}`, pixels: draw(n) }));
  const carton = images((n) => renderGood('carton', 5, n));
  t.true(placeShare(carton) > 0.85);
  const anywhere = carton.map(({ name, pixels }) => ({
    name,
    pixels: moved(pixels, random.integer(0, 255), random.integer(0, 255)),
  }));
  t.true(placeShare(anywhere) < 0.2);
  t.true(placeShare(images((n) => renderGood('fabric', 5, n))) < 0.2);
});
