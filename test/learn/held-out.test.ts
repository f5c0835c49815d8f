import test from 'ava';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import { isAbove } from '../../src/learn/held-out.js';
import { type GoodImage, normalisationOf } from '../../src/learn/images.js';
import { trainNetwork } from '../../src/learn/network.js';
import { DEFAULT_LEARNING, type LearnOptions, type Progress } from '../../src/learn/options.js';
import { Random } from '../../src/random.js';
import { SMALL_LAYERS, surfaces } from '../helpers/models.js';

const SIZE = { width: 80, height: 80 };
const ALL = surfaces(SIZE, 8);
const LEARN: LearnOptions = { ...DEFAULT_LEARNING, layers: SMALL_LAYERS, steps: 60 };

test.before(() => startTensorflow('wasm'));

function train(
  images: readonly GoodImage[],
  learn: LearnOptions,
  onProgress = (_: Progress) => {},
) {
  const [fit, heldOut] = [images.slice(0, 5), images.slice(5)];
  return trainNetwork(fit, { learn, heldOut, normalisation: normalisationOf(fit), onProgress });
}

/** Noise without any order: a piece of it that is pasted elsewhere cannot be seen. */
function noise(index: number): GoodImage {
  const random = Random.for(4, 'noise', index);
  const length = SIZE.width * SIZE.height * 3;
  const data = Uint8Array.from({ length }, () => random.integer(0, 255));
  return { name: `${index}.png`, pixels: { ...SIZE, data } };
}

test('a t test of twenty values by hand', (t) => {
  // Mean 0.5, deviation √(0.2 / 19) = 0.1026, so the lower end is 0.5 − 2.093 · 0.1026 / √20 = 0.452.
  const values = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0.4 : 0.6));
  t.true(isAbove(values, 0.4519));
  t.false(isAbove(values, 0.4521));
  // Always the same class is right in exactly a third, without scatter: no evidence of anything.
  t.false(isAbove(new Array(20).fill((1 + 0 + 0) / 3), 1 / 3));
});

test.serial('a surface that is learned, and what is said on the way', async (t) => {
  const looks: number[] = [];
  const { heldOut } = await train(ALL, LEARN, ({ done, heldOut }) => {
    if (heldOut !== undefined) looks.push(done);
  });
  t.like(heldOut, { learned: true, chance: 1 / 3 });
  t.true((heldOut?.accuracy ?? 0) > 1 / 3 && (heldOut?.loss ?? 9) < Math.log(3));
  t.deepEqual([looks[0], looks.at(-1)], [25, 60]);
});

test.serial('where there is nothing to see, nothing is learned', async (t) => {
  const images = Array.from({ length: 8 }, (_, n) => noise(n));
  const { heldOut } = await train(images, { ...LEARN, steps: 3 });
  t.like(heldOut, { learned: false });
});
