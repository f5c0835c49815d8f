import test from 'ava';
import { crossEntropy } from '../../src/cutpaste/loss.js';
import { near } from '../helpers/near.js';
import { reference } from './training-reference.js';

for (const { name, classes, logits, labels, ...expected } of reference.losses) {
  test(`agrees with SciPy: ${name}`, (t) => {
    const value = crossEntropy(Float32Array.from(logits), Int32Array.from(labels), classes);
    near(t, [value.loss], [expected.loss], 1e-6);
    near(t, [value.accuracy], [expected.accuracy], 1e-12);
    near(t, value.gradient, expected.gradient, 1e-6);
  });
}

test('hand case: two classes of equal weight', (t) => {
  const { loss, gradient } = crossEntropy(Float32Array.of(0, 0, 0, 0), Int32Array.of(0, 1), 2);
  near(t, [loss], [Math.log(2)], 1e-12);
  t.deepEqual([...gradient], [-0.25, 0.25, 0.25, -0.25]);
});

test('the gradient of a position sums to 0, and is 0 where the label is ignored', (t) => {
  const { gradient } = crossEntropy(Float32Array.of(1, 2, 4, 3, 1, 0), Int32Array.of(2, -1), 3);
  near(t, [1 + gradient[0] + gradient[1] + gradient[2]], [1], 1e-7);
  t.deepEqual([...gradient.subarray(3)], [0, 0, 0]);
});

test('where all labels are ignored there is nothing to learn', (t) => {
  const value = crossEntropy(Float32Array.of(1, 2, 3, 4), Int32Array.of(-1, -1), 2);
  t.deepEqual(value, { loss: 0, accuracy: 0, gradient: new Float32Array(4) });
});

test('a NaN among the logits is not hidden', (t) => {
  for (const at of [0, 1]) {
    const logits = Float32Array.of(1, 2);
    logits[at] = Number.NaN;
    t.is(crossEntropy(logits, Int32Array.of(0), 2).loss, Number.NaN);
  }
});
