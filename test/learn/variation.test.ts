import test from 'ava';
import { lit, withVariations } from '../../src/learn/variation.js';
import { Random } from '../../src/random.js';

const image = (name: string, value: number, side = 64) => ({
  name,
  pixels: { width: side, height: side, data: new Uint8Array(side * side * 3).fill(value) },
});

test('another light multiplies, rounds and clips', (t) => {
  const pixels = { width: 2, height: 1, data: Uint8Array.of(10, 101, 250, 0, 128, 213) };
  const { data, ...size } = lit(pixels, 1.2, 0, new Random(1));
  t.deepEqual([...data], [12, 121, 255, 0, 154, 255]); // 121.2, 300, 153.6, 255.6
  t.deepEqual(size, { width: 2, height: 1 });
  t.deepEqual([...pixels.data], [10, 101, 250, 0, 128, 213]); // as it was
});

test('noise has the deviation that was asked for, and leaves grey grey', (t) => {
  const { pixels } = image('grey', 128);
  const { data } = lit(pixels, 1, 5, new Random(1));
  let squares = 0;
  for (let i = 0; i < data.length; i += 3) {
    t.true(data[i] === data[i + 1] && data[i] === data[i + 2]);
    squares += (data[i] - 128) ** 2;
  }
  // 5 and what rounding adds (1/12), of 4,096 pixels: within four standard errors (1.1 % each)
  t.true(Math.abs(Math.sqrt((3 * squares) / data.length) - Math.sqrt(25 + 1 / 12)) < 0.23);
});

test('each image is followed by itself within the tolerance, the same for the same seed', (t) => {
  const images = Array.from({ length: 200 }, (_, i) => image(`image ${i}`, 100, 4));
  const varied = withVariations(images, { light: 0.2, noise: 0 }, 1);
  t.is(varied.length, 400);
  const factors: number[] = [];
  for (let i = 0; i < 400; i += 2) {
    t.is(varied[i], images[i / 2]);
    t.is(varied[i + 1].name, images[i / 2].name);
    factors.push(varied[i + 1].pixels.data[0] / 100);
  }
  t.true(factors.every((factor) => factor >= 0.8 && factor <= 1.2));
  t.true(Math.min(...factors) < 0.82 && Math.max(...factors) > 1.18); // missed once in 10⁹ seeds
  const again = withVariations(images, { light: 0.2, noise: 0 }, 1);
  const other = withVariations(images, { light: 0.2, noise: 0 }, 2);
  t.deepEqual(again[1].pixels, varied[1].pixels);
  t.deepEqual(varied[1].pixels, varied[1].pixels);
  t.notDeepEqual(other[1].pixels, varied[1].pixels);
});

test('without tolerance images are taken as they are', (t) => {
  const images = [image('one', 100, 4)];
  t.is(withVariations(images, { light: 0, noise: 0 }, 1), images);
});
