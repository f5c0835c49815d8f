/**
 * Every back end gives the scores of the float64 reference to 1e-4, relative to the highest score,
 * whatever the size of the frame, the tiles, the frames in a call, and what is read of the network.
 */
import test from 'ava';
import fc from 'fast-check';
import { type BackendName, startBackend } from '../../src/backend/backends.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { load, smallModel, surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';
import { referenceScores } from '../helpers/reference.js';

const NAMES: readonly BackendName[] = ['onnx', 'wasm', 'cpu'];
const TOLERANCE = 1e-4;
const WHOLE = Number.POSITIVE_INFINITY;
const VIEWS = ['rf8', 'rf16', 'rf24', 'rf40', 'rf64', 'stat8', 'stat16'];

test.beforeEach(() => startBackend('wasm')); // models are fitted on it

for (const density of ['nearest', 'gaussian', 'kernel', 'location'] as const) {
  test.serial(`${density}: all back ends, whole frame`, async (t) => {
    const size = { width: 92, height: 78 };
    const model = await smallModel(size, { density });
    const pixels = surface(size, 50);
    const expected = referenceScores(model, pixels);
    for (const name of NAMES) {
      const detector = await load(model, size, await startBackend(name));
      const { grid } = await detector.localize(prepareFrame(pixels, WHOLE, true));
      near(t, grid.scores, expected, TOLERANCE, name);
      detector.dispose();
    }
  });
}

test.serial('many frames in a call have the scores of each alone', async (t) => {
  const size = { width: 92, height: 78 };
  const model = await smallModel(size);
  const images = Array.from({ length: 5 }, (_, i) => surface(size, 50 + i));
  const expected = images.map((pixels) => referenceScores(model, pixels));
  for (const name of NAMES) {
    const { encoder, localizer } = await load(model, size, await startBackend(name));
    // Whole or in tiles; the statistics of whole frames from their pixels, where a back end can.
    const ways = [
      [WHOLE, true],
      [64, true],
      [80, true],
      ...(name === 'onnx' ? [] : [[WHOLE, false]]),
    ];
    for (const [tile, statistics] of ways as [number, boolean][]) {
      const frames = await encoder.encode(
        images.map((pixels) => prepareFrame(pixels, tile, statistics)),
      );
      frames.forEach((outputs, i) => {
        const { scores } = localizer.localize(outputs).grid;
        near(t, scores, expected[i], TOLERANCE, `${name}, tile ${tile}, frame ${i}`);
      });
    }
    encoder.dispose();
  }
});

test.serial('onnx and wasm: any size, tile, views and number of centres', async (t) => {
  const backends = [await startBackend('onnx'), await startBackend('wasm')];
  const cases = fc.record({
    width: fc.integer({ min: 64, max: 150 }),
    height: fc.integer({ min: 64, max: 150 }),
    tile: fc.oneof(fc.constant(WHOLE), fc.constant(64), fc.integer({ min: 64, max: 140 })),
    views: fc.uniqueArray(fc.constantFrom(...VIEWS), { minLength: 1, maxLength: 4 }),
    density: fc.constantFrom('nearest' as const, 'gaussian' as const, 'kernel' as const),
    centres: fc.integer({ min: 1, max: 40 }),
    image: fc.integer({ min: 9, max: 99 }),
    frames: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ width, height, tile, image, frames, ...readout }) => {
      const size = { width, height };
      const model = await smallModel(size, readout);
      const images = Array.from({ length: frames }, (_, i) => surface(size, image + i));
      const inputs = images.map((pixels) => prepareFrame(pixels, tile, true));
      const expected = images.map((pixels) => referenceScores(model, pixels));
      for (const backend of backends) {
        const detector = await load(model, size, backend);
        const outputs = await detector.encoder.encode(inputs);
        detector.dispose();
        outputs.forEach((ofFrame, i) => {
          const { scores } = detector.localizer.localize(ofFrame).grid;
          near(t, scores, expected[i], TOLERANCE, `${backend.name}, frame ${i}`);
        });
      }
    }),
    { numRuns: 12, seed: 5 },
  );
});
