import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import {
  affine,
  channelMeans,
  channelMoments,
  filterGradient,
  inputGradient,
  normalise,
  normaliseGradient,
} from '../../src/cutpaste/gradients.js';
import { near } from '../helpers/near.js';
import { normals } from '../helpers/random.js';

type Shape4 = [number, number, number, number];

const EPSILON = 1e-5;

test.before(() => startTensorflow('wasm'));

/** Every product of a valid convolution: y[n, r, c, o] += x[n, s·r + y, s·c + x, i]·w[y, x, i, o]. */
function eachProduct(
  [n, h, w, inputs]: Shape4,
  kernel: number,
  stride: number,
  outputs: number,
  visit: (x: number, filter: number, y: number) => void,
): void {
  const rows = Math.floor((h - kernel) / stride) + 1;
  const cols = Math.floor((w - kernel) / stride) + 1;
  const sizes = [n, rows, cols, kernel, kernel, inputs, outputs];
  const total = sizes.reduce((product, size) => product * size, 1);
  for (let index = 0; index < total; index++) {
    let rest = index;
    const [b, r, c, ky, kx, i, o] = sizes.map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    });
    visit(
      ((b * h + r * stride + ky) * w + c * stride + kx) * inputs + i,
      ((ky * kernel + kx) * inputs + i) * outputs + o,
      ((b * rows + r) * cols + c) * outputs + o,
    );
  }
}

for (const kernel of [2, 3, 4]) {
  for (const stride of [1, 2]) {
    for (const [h, w] of [
      [7, 8],
      [9, 6],
    ]) {
      test(`gradients of a convolution by hand: kernel ${kernel}, stride ${stride}, ${h}×${w}`, (t) => {
        const inShape: Shape4 = [2, h, w, 3];
        const outputs = 5;
        const outShape: Shape4 = [
          2,
          Math.floor((h - kernel) / stride) + 1,
          Math.floor((w - kernel) / stride) + 1,
          outputs,
        ];
        const x = normals(2 * h * w * 3, 1);
        const filter = normals(kernel * kernel * 3 * outputs, 2);
        const dy = normals(
          outShape.reduce((a, b) => a * b),
          3,
        );
        const dFilter = new Float64Array(filter.length);
        const dx = new Float64Array(x.length);
        eachProduct(inShape, kernel, stride, outputs, (xAt, fAt, yAt) => {
          dFilter[fAt] += x[xAt] * dy[yAt];
          dx[xAt] += filter[fAt] * dy[yAt];
        });
        const dyTensor = tf.tensor4d(dy, outShape);
        const byFilter = filterGradient(tf.tensor4d(x, inShape), dyTensor, stride, kernel);
        const filterShape: Shape4 = [kernel, kernel, 3, outputs];
        const byInput = inputGradient(dyTensor, tf.tensor4d(filter, filterShape), stride, inShape);
        t.deepEqual(byFilter.shape, filterShape);
        t.deepEqual(byInput.shape, inShape);
        near(t, byFilter.dataSync(), dFilter, 1e-6);
        near(t, byInput.dataSync(), dx, 1e-6);
      });
    }
  }
}

test('the gradient of a pixel that no window reached is 0', (t) => {
  const dx = inputGradient(tf.ones([1, 2, 2, 1]), tf.ones([2, 2, 1, 1]), 3, [1, 7, 6, 1]);
  const rows = tf.reshape(dx, [7, 6]).arraySync() as number[][];
  const reached = [1, 1, 0, 1, 1, 0];
  t.deepEqual(rows, [
    reached,
    reached,
    Array(6).fill(0),
    reached,
    reached,
    Array(6).fill(0),
    Array(6).fill(0),
  ]);
});

/** max(0, scale·(z − m)/√(v + ε) + shift) of [positions, channels], in float64. */
function normalised(z: Float64Array, scale: Float64Array, shift: Float64Array): Float64Array {
  const channels = scale.length;
  const n = z.length / channels;
  return z.map((value, at) => {
    const c = at % channels;
    let mean = 0;
    for (let i = c; i < z.length; i += channels) mean += z[i] / n;
    let variance = 0;
    for (let i = c; i < z.length; i += channels) variance += (z[i] - mean) ** 2 / n;
    return Math.max(0, (scale[c] * (value - mean)) / Math.sqrt(variance + EPSILON) + shift[c]);
  });
}

/** ∂(weights · f(values))/∂values by central differences. */
function centralDifferences(
  values: Float64Array,
  weights: Float32Array,
  f: () => Float64Array,
): Float64Array {
  const h = 1e-6;
  const dot = (): number => f().reduce((sum, v, i) => sum + v * weights[i], 0);
  return values.map((kept, i) => {
    values[i] = kept + h;
    const above = dot();
    values[i] = kept - h;
    const below = dot();
    values[i] = kept;
    return (above - below) / (2 * h);
  });
}

test('normalisation and its gradients agree with central differences in float64', (t) => {
  const shape: Shape4 = [2, 3, 4, 3];
  const z = Float64Array.from(normals(72, 1), (v) => 2 * v + 1);
  const scale = Float64Array.of(0.7, 1.3, -0.4);
  const shift = Float64Array.of(0.2, -0.1, 0.5);
  const dy = normals(72, 2);
  const forward = (): Float64Array => normalised(z, scale, shift);
  const scaleTensor = tf.tensor1d([...scale]);
  const trace = normalise(tf.tensor4d([...z], shape), scaleTensor, tf.tensor1d([...shift]));
  near(t, trace.output.dataSync(), forward(), 1e-6, 'output');
  const d = normaliseGradient(trace, scaleTensor, tf.tensor4d(dy, shape));
  near(t, d.z.dataSync(), centralDifferences(z, dy, forward), 1e-5, 'z');
  near(t, d.scale.dataSync(), centralDifferences(scale, dy, forward), 1e-5, 'scale');
  near(t, d.shift.dataSync(), centralDifferences(shift, dy, forward), 1e-5, 'shift');
});

test('means by channel: of one position, of rows, of many', (t) => {
  t.deepEqual([...channelMeans(tf.tensor4d([3, -5], [1, 1, 1, 2])).dataSync()], [3, -5]);
  t.deepEqual(
    [...channelMeans(tf.tensor4d([1, 10, 3, 30, 5, 50], [1, 3, 1, 2])).dataSync()],
    [3, 30],
  );
  const many = normals(12 * 63 * 63 * 4, 1);
  const expected = [0, 1, 2, 3].map((c) => {
    let sum = 0;
    for (let i = c; i < many.length; i += 4) sum += many[i] + 2;
    return sum / (many.length / 4);
  });
  const means = channelMeans(tf.add(tf.tensor4d(many, [12, 63, 63, 4]), 2));
  near(t, means.dataSync(), expected, 1e-6);
});

test('the variance does not drown in a large mean', (t) => {
  const z = Float32Array.from(normals(4000, 1), (v) => v + 1000);
  const mean = z.reduce((a, b) => a + b) / z.length;
  const variance = z.reduce((sum, v) => sum + (v - mean) ** 2, 0) / z.length;
  const moments = channelMoments(tf.tensor4d(z, [10, 20, 20, 1]));
  near(t, moments.mean.dataSync(), [mean], 1e-6);
  near(t, moments.variance.dataSync(), [variance], 1e-4);
});

test('affine: a number of each a channel, with or without ReLU', (t) => {
  const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]);
  const scale = tf.tensor1d([2, -1]);
  const shift = tf.tensor1d([0.5, 3]);
  t.deepEqual([...affine(x, scale, shift).dataSync()], [2.5, 1, 6.5, -1]);
  t.deepEqual([...affine(x, scale, shift, 'relu').dataSync()], [2.5, 1, 6.5, 0]);
});
