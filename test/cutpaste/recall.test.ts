import test from 'ava';
import { balancedAccuracy } from '../../src/cutpaste/recall.js';

const ALWAYS_GOOD = [2, 1, 0];

test('hand case: each class counts the same, however frequent it is', (t) => {
  const logits = Float32Array.of(...[2, 1, 0], ...[3, 0, 0], ...[0, 1, 0], ...[1, 0, 0]);
  // Class 0: two of two right. Class 1: one of two. Class 2 does not occur.
  t.is(balancedAccuracy(logits, Int32Array.of(0, 0, 1, 1), 3), (1 + 1 / 2) / 2);
});

test('who always says the most frequent class is at chance', (t) => {
  const labels = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1, 2, 0);
  const logits = Float32Array.from([...labels].flatMap(() => ALWAYS_GOOD));
  t.is(balancedAccuracy(logits, labels, 3), 1 / 3);
});

test('positions without a label do not count', (t) => {
  const logits = Float32Array.of(...ALWAYS_GOOD, 0, 1, 0);
  t.is(balancedAccuracy(logits, Int32Array.of(0, -1), 3), 1);
});
