import test from 'ava';
import { scaleRegion } from '../../src/detect/judge.js';

const region = { x: 10, y: 20, width: 6, height: 3, areaPx: 12, peak: 9, mean: 7 };

test('a region in pixels of a larger frame is scaled to the model’s input', (t) => {
  const scaled = scaleRegion(region, { width: 400, height: 200 }, { width: 200, height: 100 });
  t.deepEqual(scaled, { x: 5, y: 10, width: 3, height: 2, areaPx: 3, peak: 9, mean: 7 });
});

test('nothing becomes smaller than a pixel', (t) => {
  const scaled = scaleRegion(region, { width: 4000, height: 4000 }, { width: 100, height: 100 });
  t.like(scaled, { width: 1, height: 1, areaPx: 1 });
});
