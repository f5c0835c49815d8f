import test from 'ava';
import type { Pixels } from '../../../src/frame/pixels.js';
import { renderGood, renderWorn, SURFACE_NAMES } from '../../../src/stream/line/surface.js';

const mean = ({ data }: Pixels) => data.reduce((sum, v) => sum + v, 0) / data.length;

/** Mean absolute difference of two pictures: 0..255. */
const distance = (a: Pixels, b: Pixels) =>
  a.data.reduce((sum, v, i) => sum + Math.abs(v - b.data[i]), 0) / a.data.length;

for (const name of SURFACE_NAMES) {
  test(`${name}: a frame is the same each time it is drawn`, (t) => {
    const first = renderGood(name, 1, 7);
    renderGood(name, 1, 8);
    t.deepEqual(renderGood(name, 1, 7), first);
    t.is(first.data.length, first.width * first.height * 3);
    t.deepEqual([first.width, first.height], [256, 256]);
  });

  test(`${name}: frames differ between indices and seeds`, (t) => {
    const frame = renderGood(name, 1, 0);
    t.true(distance(frame, renderGood(name, 1, 1)) > 1);
    t.true(distance(frame, renderGood(name, 2, 0)) > 1);
  });

  test(`${name}: light varies by a few per cent only`, (t) => {
    const lights = Array.from({ length: 12 }, (_, i) => mean(renderGood(name, 5, i)));
    const middle = lights.reduce((a, b) => a + b) / lights.length;
    for (const light of lights)
      t.true(Math.abs(light / middle - 1) < 0.06, `${light} of ${middle}`);
  });
}

test('the worn carton lacks its print and stays in place', (t) => {
  const [good, worn] = [renderGood('carton', 1, 0), renderWorn('carton', 1, 0)];
  const at = (pixels: Pixels, x: number, y: number) => pixels.data[3 * (y * 256 + x)];
  t.true(at(good, 230, 22) < 60, 'petrol header');
  t.true(at(worn, 230, 22) > 150, 'bare card');
  // The belt carries no print: both pictures show the same light and the same grain.
  const belt = (pixels: Pixels) => pixels.data.subarray(0, 3 * 256 * 6);
  t.deepEqual(belt(worn), belt(good));
});

test('surfaces differ in kind', (t) => {
  const frames = SURFACE_NAMES.map((name) => renderGood(name, 1, 0));
  for (const a of frames) for (const b of frames) if (a !== b) t.true(distance(a, b) > 20);
});
