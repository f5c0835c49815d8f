/**
 * The promise of the design (DESIGN §4): patches, tiles and the whole frame have the same scores. On
 * wasm they are the same to the last bit; other engines may sum in another order.
 */
import test from 'ava';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import type { LoadedDetector } from '../../src/detect/model.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import type { Pixels, Size } from '../../src/frame/pixels.js';
import { PAPER_READOUT, type Readout } from '../../src/learn/options.js';
import { latticeOf } from '../../src/localize/grid.js';
import { load, smallModel, surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';

const WHOLE = Number.POSITIVE_INFINITY;
const READOUTS: Record<string, Partial<Readout>> = { default: {}, "the paper's": PAPER_READOUT };

test.before(() => startTensorflow('wasm'));

async function scores(
  detector: LoadedDetector,
  pixels: Pixels,
  tile: number,
): Promise<Float32Array> {
  const { grid } = await detector.localize(prepareFrame(pixels, tile, detector.wantsStatistics));
  return grid.scores;
}

for (const [name, readout] of Object.entries(READOUTS)) {
  for (const [width, height] of [
    [160, 160],
    [196, 132],
    [131, 158],
    [67, 190],
    [64, 64],
  ]) {
    test(`${name} readout, ${width}×${height}: the same scores from patches, tiles and frame`, async (t) => {
      const size: Size = { width, height };
      const detector = await load(await smallModel(size, readout), size);
      const pixels = surface(size, 99);
      const expected = await scores(detector, pixels, WHOLE);
      for (const tile of [64, 68, 100, 128]) {
        near(t, await scores(detector, pixels, tile), expected, 1e-6, `tile ${tile}`);
      }
      detector.dispose();
    });
  }
}

test('a pixel just outside a patch does not change its score, one inside does', async (t) => {
  const size = { width: 140, height: 132 };
  const detector = await load(await smallModel(size, PAPER_READOUT), size);
  const row = 5;
  const col = 9; // sees the pixels 36 … 99 across and 20 … 83 down
  const { cols } = latticeOf(size, 64);
  const pixels = surface(size, 99);
  const scoreWith = async (x: number, y: number): Promise<number> => {
    const changed = { ...pixels, data: pixels.data.slice() };
    changed.data.fill(255, (y * size.width + x) * 3, (y * size.width + x) * 3 + 3);
    return (await scores(detector, changed, WHOLE))[row * cols + col];
  };
  const before = (await scores(detector, pixels, WHOLE))[row * cols + col];
  for (const [x, y] of [
    [35, 50],
    [100, 50],
    [60, 19],
    [60, 84],
  ]) {
    t.is(await scoreWith(x, y), before, `${x}, ${y}`);
  }
  for (const [x, y] of [
    [36, 50],
    [99, 50],
    [60, 20],
    [60, 83],
  ]) {
    t.not(await scoreWith(x, y), before, `${x}, ${y}`);
  }
  detector.dispose();
});
