import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import { type Batch, classesOf, denseBatch, literalBatch } from '../../src/cutpaste/batch.js';
import type { Layer } from '../../src/cutpaste/network.js';
import { DEFAULT_OPTIMISER, learningRateAt } from '../../src/cutpaste/optimiser.js';
import type { Variant } from '../../src/cutpaste/options.js';
import { Trainer } from '../../src/cutpaste/trainer.js';
import { trainingEncoder } from '../../src/cutpaste/training-network.js';
import type { Tensor } from '../../src/model/safetensors.js';
import { near } from '../helpers/near.js';
import { striped } from './images.js';
import { reference } from './training-reference.js';

const NEUTRAL = { mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25] } as const;
const normalisation = { mean: [...NEUTRAL.mean], deviation: [...NEUTRAL.deviation] } as {
  mean: [number, number, number];
  deviation: [number, number, number];
};

/** Receptive field 64, jump 4, few channels. */
const SMALL: readonly Layer[] = [
  { kernel: 4, stride: 2, channels: 8 },
  { kernel: 3, stride: 2, channels: 8 },
  ...Array.from({ length: 7 }, () => ({ kernel: 3, stride: 1, channels: 8 })),
];

const images = [0, 1, 2].map((phase) => striped(96, 112, phase));

test.before(() => startTensorflow('wasm'));

function referenceTrainer(): { trainer: Trainer; batches: Batch[] } {
  const { layers, classes, normalisation, optimiser, start, side, cells } = reference.training;
  const trainer = new Trainer(trainingEncoder(layers, 1), classes, normalisation, optimiser, 1);
  const checkpoint = trainer.checkpoint();
  for (const [name, { shape, data }] of Object.entries(start)) {
    checkpoint[name] = { shape, data: Float32Array.from(data) };
  }
  trainer.restore(checkpoint);
  const batches = reference.training.batches.map(({ pixels, labels }) => ({
    pixels: Float32Array.from(pixels),
    labels: Int32Array.from(labels),
    side,
    cells,
    classes,
  }));
  return { trainer, batches };
}

test('the gradients of all parameters agree with central differences in float64', (t) => {
  const { trainer, batches } = referenceTrainer();
  const { loss, accuracy, gradients } = trainer.gradients(batches[0]);
  near(
    t,
    [loss, accuracy],
    [reference.training.steps[0].loss, reference.training.steps[0].accuracy],
    1e-6,
  );
  const expected = Object.entries(reference.training.gradients);
  t.deepEqual([...gradients.keys()].sort(), expected.map(([name]) => name).sort());
  for (const [name, { data }] of expected) {
    near(t, gradients.get(name) as Float32Array, data, 2e-5, name);
  }
});

test('five steps agree with NumPy: momentum, decay, warm-up and cosine', (t) => {
  const { trainer, batches } = referenceTrainer();
  reference.training.steps.forEach(({ loss, accuracy }, step) => {
    const value = trainer.train(batches[step % batches.length]);
    near(t, [value.loss, value.accuracy], [loss, accuracy], 1e-6);
  });
  t.is(trainer.step, 5);
  const end = trainer.checkpoint();
  for (const [name, { data, shape }] of Object.entries(reference.training.end)) {
    t.deepEqual([...end[name].shape], shape);
    near(t, end[name].data, data, 1e-5, name);
  }
});

test('an evaluation has the loss that NumPy gives a step, and changes nothing', (t) => {
  const { trainer, batches } = referenceTrainer();
  const before = trainer.checkpoint();
  near(t, [trainer.evaluate(batches[0]).loss], [reference.training.steps[0].loss], 1e-6);
  t.deepEqual(trainer.checkpoint(), before);
});

test('the learning rate rises to its peak, then falls to almost nothing', (t) => {
  const { optimiser, steps } = reference.training;
  near(
    t,
    steps.map((_, step) => learningRateAt(step, optimiser)),
    steps.map(({ rate }) => rate),
    1e-12,
  );
  const usual = { ...DEFAULT_OPTIMISER, steps: 300 };
  const rates = Array.from({ length: 300 }, (_, step) => learningRateAt(step, usual));
  const top = rates.indexOf(Math.max(...rates));
  t.true(top >= 10 && top <= 15);
  t.true(
    rates.every(
      (rate, i) => rate > 0 && (i <= top ? rate >= (rates[i - 1] ?? 0) : rate < rates[i - 1]),
    ),
  );
  t.true(rates[299] < 1e-5);
  t.true(learningRateAt(0, { ...usual, steps: 1 }) > 0);
});

function batchAt(
  step: number,
  variant: Variant = '3-way',
  labels: 'cell' | 'crop' = 'cell',
): Batch {
  const common = { images, variant, seed: 7, step };
  return labels === 'cell'
    ? denseBatch({ ...common, count: 4, side: 96 })
    : literalBatch({ ...common, count: 12 });
}

function smallTrainer(steps: number, variant: Variant = '3-way'): Trainer {
  const optimiser = { ...DEFAULT_OPTIMISER, steps };
  return new Trainer(trainingEncoder(SMALL, 3), classesOf(variant), normalisation, optimiser, 3);
}

test('no tensor outlives a step', (t) => {
  const before = tf.memory().numTensors;
  const trainer = smallTrainer(4);
  for (let step = 0; step < 3; step++) {
    trainer.train(batchAt(step));
    t.is(tf.memory().numTensors, before);
  }
});

test('a run that is interrupted and goes on gives the same bits', (t) => {
  const whole = smallTrainer(10);
  for (let step = 0; step < 10; step++) whole.train(batchAt(step));
  const first = smallTrainer(10);
  for (let step = 0; step < 5; step++) first.train(batchAt(step));
  const saved = structuredClone(first.checkpoint());
  first.train(batchAt(5)); // must not change what was saved
  const second = smallTrainer(10);
  second.restore(saved);
  t.is(second.step, 5);
  while (second.step < 10) second.train(batchAt(second.step));
  t.deepEqual(second.checkpoint(), whole.checkpoint());
  t.deepEqual(second.network(), whole.network());
});

test('the network that was read does not change with further steps', (t) => {
  const trainer = smallTrainer(4);
  const before = trainer.network();
  const copy = structuredClone(before);
  trainer.train(batchAt(0));
  t.deepEqual(before, copy);
  t.notDeepEqual(trainer.network(), copy);
});

test('a checkpoint of another network is refused by the name of what does not fit', (t) => {
  const trainer = smallTrainer(4);
  const kept = trainer.checkpoint();
  const damaged = (
    change: (checkpoint: Record<string, Tensor>) => void,
  ): Record<string, Tensor> => {
    const checkpoint = { ...kept };
    change(checkpoint);
    return checkpoint;
  };
  const cases: [RegExp, Record<string, Tensor>][] = [
    [/'velocity.conv3.scale' is missing/, damaged((c) => delete c['velocity.conv3.scale'])],
    [
      /'head1.bias' has shape \[2\], expected \[3\]/,
      damaged((c) => {
        c['head1.bias'] = { shape: [2], data: new Float32Array(2) };
      }),
    ],
    [/'step' is missing/, damaged((c) => delete c.step)],
    [/'head1.weight' has shape \[128,2\]/, smallTrainer(4, 'union').checkpoint()],
  ];
  for (const [message, checkpoint] of cases) {
    t.throws(() => trainer.restore(checkpoint), { code: 'PL_STATE', message });
  }
  t.deepEqual(trainer.checkpoint(), kept);
});

test('training that diverges ends with an error, not with a network of NaN', (t) => {
  const trainer = smallTrainer(4);
  const batch = batchAt(0);
  batch.pixels[1000] = Number.NaN;
  const before = trainer.checkpoint();
  t.throws(() => trainer.train(batch), { code: 'PL_NUMERIC', message: /diverged at step 0/ });
  t.deepEqual(trainer.checkpoint(), before);
});

test('a batch has one label for each cell that the network puts out', (t) => {
  const batch = batchAt(0);
  const short = { ...batch, labels: batch.labels.subarray(1) };
  const message = /crops of 96 px have 324 cells and came with 323 labels/;
  t.throws(() => smallTrainer(4).train(short), { code: 'PL_STATE', message });
});

for (const labels of ['cell', 'crop'] as const) {
  for (const variant of ['cutpaste', 'scar', 'union', '3-way'] as const) {
    test(`two batches of an easy surface are learned: ${variant}, a label for each ${labels}`, (t) => {
      const trainer = smallTrainer(20, variant);
      const batches = [0, 1].map((step) => batchAt(step, variant, labels));
      const losses = Array.from({ length: 20 }, (_, step) => trainer.train(batches[step % 2]).loss);
      t.true(losses[18] + losses[19] < 0.9 * (losses[0] + losses[1]));
    });
  }
}
