/** Frames too large for one pass: cut without a seam, and no more memory than a pass takes. */
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startBackend } from '../../src/backend/backends.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { latticeOf } from '../../src/localize/grid.js';
import { tileGroups } from '../../src/localize/tiling.js';
import { load, smallModel, surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';

const WHOLE = Number.POSITIVE_INFINITY;

test.before(() => startBackend('wasm'));

for (const name of ['onnx', 'wasm'] as const) {
  test.serial(`${name}: a frame that is cut has the scores of one that is not`, async (t) => {
    for (const [width, height] of [
      [301, 183],
      [131, 422],
    ]) {
      const size = { width, height };
      const model = await smallModel(size);
      const detector = await load(model, size, await startBackend(name));
      const pixels = surface(size, 7);
      const whole = await detector.localize(prepareFrame(pixels, WHOLE, true));
      const input = prepareFrame(pixels, WHOLE, true, 110 * 110);
      t.true(input.groups.length > 1);
      near(t, (await detector.localize(input)).grid.scores, whole.grid.scores, 1e-6);
      detector.dispose();
      await startBackend('wasm');
    }
  });
}

test.serial('four times the frame takes no more memory than one pass does', async (t) => {
  const peakOf = async (side: number): Promise<number> => {
    const size = { width: side, height: side };
    const detector = await load(model, size);
    const input = prepareFrame(surface(size, 7), WHOLE, true, 2 ** 20);
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(async () => {
      await detector.encoder.encode([input]);
      return tf.scalar(0);
    });
    detector.dispose();
    return peakBytes - before;
  };
  const model = await smallModel({ width: 128, height: 128 });
  const [once, cut] = [await peakOf(1024), await peakOf(2048)];
  t.true(cut <= 1.05 * once, `${cut} B against ${once}`);
});

test('a 12-megapixel frame is cut into tiles of 4 MiB pixels that repeat at most 4 %', (t) => {
  for (const size of [
    { width: 4096, height: 3072 },
    { width: 1024, height: 16384 },
    { width: 12288, height: 1000 },
  ]) {
    const tiles = tileGroups(size, WHOLE).flatMap((group) => group.tiles);
    const areas = tiles.map(({ width, height }) => width * height);
    t.true(Math.max(...areas) <= 2 ** 22);
    const { rows, cols } = latticeOf(size, 64);
    const covered = (60 + 4 * rows) * (60 + 4 * cols);
    const repeated = areas.reduce((sum, area) => sum + area, 0) / covered - 1;
    t.true(repeated < 0.04, `${size.width}×${size.height}: ${repeated}`);
  }
});

test('a frame of up to 4 MiB pixels stays whole', (t) => {
  const groups = tileGroups({ width: 2048, height: 2048 }, WHOLE);
  t.deepEqual(groups[0].tiles, [{ x: 0, y: 0, width: 2048, height: 2048 }]);
});
