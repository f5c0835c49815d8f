import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { statisticsTensors } from '../../src/backend/tensor-statistics.js';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { statisticsOf } from '../../src/frame/statistics.js';
import { Random } from '../../src/random.js';
import { surface } from '../helpers/models.js';
import { near } from '../helpers/near.js';

function frame(width: number, height: number, value: () => number): Pixels {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, value) };
}

const random = new Random(7);

const FRAMES: Readonly<Record<string, Pixels>> = {
  'a surface': surface({ width: 96, height: 80 }, 3),
  'sides that are no multiples of 4': surface({ width: 67, height: 70 }, 4),
  // Where deviations are nearly 0 and sums large, sums of squares in float32 would lose them.
  white: frame(64, 64, () => 255),
  'nearly white': frame(72, 64, () => 255 - (random.uint32() % 2)),
  'all the contrast there is': frame(64, 72, () => 255 * (random.uint32() % 2)),
};

for (const name of ['cpu', 'wasm'] as const) {
  test.serial(`statistics by tensors are those of plain code, to 1e-5: ${name}`, async (t) => {
    await startTensorflow(name);
    for (const [what, pixels] of Object.entries(FRAMES)) {
      const { height, width, data } = pixels;
      const expected = statisticsOf(pixels);
      const both = tf.tidy(() =>
        statisticsTensors(tf.tensor4d(new Float32Array(data), [1, height, width, 3])),
      );
      near(t, await both[8].data<'float32'>(), expected.stat8, 1e-5, `${what}, 8 px`);
      near(t, await both[16].data<'float32'>(), expected.stat16, 1e-5, `${what}, 16 px`);
      tf.dispose([both[8], both[16]]);
    }
  });
}
