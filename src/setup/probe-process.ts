/** A process that loads the installation it is given, compares it with wasm, and prints what it found. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { NATIVE, registerNative } from '../backend/native/native.js';
import { asPatchlineError } from '../errors.js';
import { Random } from '../random.js';
import type { ProbeResult } from './probe.js';

/** Values between −1 and 1. */
function values(count: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.uniform(-1, 1));
}

/** A product of matrices, and a convolution with bias and ReLU: the two kinds of heavy work. */
async function results(backend: string): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const a = tf.tensor2d(values(30 * 40, 1), [30, 40]);
    const b = tf.tensor2d(values(40 * 20, 2), [40, 20]);
    const convolved = tf.fused.conv2d({
      x: tf.tensor4d(values(2 * 20 * 24 * 8, 3), [2, 20, 24, 8]),
      filter: tf.tensor4d(values(3 * 3 * 8 * 16, 4), [3, 3, 8, 16]),
      bias: tf.tensor1d(values(16, 5)),
      strides: 2,
      pad: 'valid',
      activation: 'relu',
    });
    return [tf.matMul(a, b), convolved].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

/** Largest difference in relation to the largest value. */
function differenceOf(actual: Float32Array, expected: Float32Array): number {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (
    expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i] - value)), 0) / scale
  );
}

try {
  const { version, device } = registerNative(process.argv[2]);
  const expected = await results('wasm');
  const actual = await results(NATIVE);
  const difference = Math.max(...actual.map((values, i) => differenceOf(values, expected[i])));
  const result: ProbeResult = { tensorflow: version, device, difference };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`${asPatchlineError(error).explanation}\n`);
  process.exitCode = 1;
}
