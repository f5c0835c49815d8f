import test from 'ava';
import fc from 'fast-check';
import { findRegions, MAX_REGIONS } from '../../src/localize/regions.js';

/** A map drawn in digits, and its size. */
function draw(...rows: string[]) {
  const map = Float32Array.from(rows.join(''), Number);
  return { map, size: { width: rows[0].length, height: rows.length } };
}

test('measures the areas above the threshold, highest peak first', (t) => {
  const { map, size } = draw('600002', '077000', '000000', '000090');
  t.deepEqual(findRegions(map, size, 2, { frameSize: size, minAreaPx: 0 }), [
    { x: 4, y: 3, width: 1, height: 1, areaPx: 1, peak: 9, mean: 9 },
    { x: 0, y: 0, width: 3, height: 2, areaPx: 3, peak: 7, mean: 20 / 3 },
  ]);
});

test('gives them in whole pixels of the frame that came in', (t) => {
  const { map, size } = draw('0000', '0550', '0000', '0000');
  const options = { frameSize: { width: 10, height: 6 }, minAreaPx: 0 };
  // x: 2.5 … 7.5, y: 1.5 … 3; 2 pixels of 2.5 × 1.5
  t.deepEqual(findRegions(map, size, 1, options), [
    { x: 2, y: 1, width: 6, height: 2, areaPx: 8, peak: 5, mean: 5 },
  ]);
  const smaller = { frameSize: { width: 2, height: 2 }, minAreaPx: 0 };
  t.deepEqual(findRegions(map, size, 1, smaller), [
    { x: 0, y: 0, width: 2, height: 1, areaPx: 1, peak: 5, mean: 5 },
  ]);
});

test('drops areas that are too small in the frame that came in', (t) => {
  const { map, size } = draw('9000', '0000', '0055', '0055');
  const frameSize = { width: 8, height: 8 };
  const areas = (minAreaPx: number) =>
    findRegions(map, size, 1, { frameSize, minAreaPx }).map((region) => region.areaPx);
  t.deepEqual(areas(4), [4, 16]);
  t.deepEqual(areas(5), [16]);
  t.deepEqual(areas(17), []);
});

test('looks only inside the region of interest', (t) => {
  const { map, size } = draw('99', '97');
  const mask = Uint8Array.of(0, 0, 0, 1);
  const [region, ...rest] = findRegions(map, size, 1, { frameSize: size, minAreaPx: 0, mask });
  t.deepEqual(region, { x: 1, y: 1, width: 1, height: 1, areaPx: 1, peak: 7, mean: 7 });
  t.is(rest.length, 0);
});

test('caps a frame that is wrong everywhere, keeping the highest peaks', (t) => {
  const size = { width: 40, height: 40 };
  const isDot = (i: number) => i % 2 === 0 && Math.floor(i / 40) % 2 === 0; // 400 dots
  const map = Float32Array.from({ length: 1600 }, (_, i) => (isDot(i) ? 1 + i : 0));
  const regions = findRegions(map, size, 0.5, { frameSize: size, minAreaPx: 0 });
  t.is(regions.length, MAX_REGIONS);
  t.is(regions[0].peak, 1 + 38 * 40 + 38);
  t.true(regions.every((region, i) => i === 0 || region.peak < regions[i - 1].peak));
});

test('boxes are whole, not empty and inside the frame, whatever its size', (t) => {
  const side = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 12, maxLength: 144 }),
      side,
      side,
      (width, scores, frameWidth, frameHeight) => {
        const size = { width, height: Math.floor(scores.length / width) };
        const map = Float32Array.from(scores.slice(0, width * size.height));
        const frameSize = { width: frameWidth, height: frameHeight };
        for (const region of findRegions(map, size, 1, { frameSize, minAreaPx: 0 })) {
          const { x, y, width: w, height: h, areaPx, mean, peak } = region;
          t.true([x, y, w, h, areaPx].every(Number.isInteger));
          t.true(x >= 0 && y >= 0 && w >= 1 && h >= 1 && areaPx >= 1);
          t.true(x + w <= frameWidth && y + h <= frameHeight && areaPx <= w * h);
          t.true(mean > 1 && mean <= peak);
        }
      },
    ),
    { seed: 6 },
  );
});
