import test from 'ava';
import { startTensorflow } from '../../../src/backend/tensorflow.js';
import type { Batch } from '../../../src/cutpaste/batch.js';
import { PAPER_OPTIMISER } from '../../../src/cutpaste/optimiser.js';
import {
  convolutionsOf,
  mapConvolutions,
  resnet18Shape,
} from '../../../src/cutpaste/resnet18/architecture.js';
import { weightsFrom } from '../../../src/cutpaste/resnet18/init.js';
import { trainingResNet18 } from '../../../src/cutpaste/resnet18/training.js';
import type { TrainableResNet18 } from '../../../src/cutpaste/resnet18/weights.js';
import { Trainer } from '../../../src/cutpaste/trainer.js';
import type { Tensor } from '../../../src/model/safetensors.js';
import { near } from '../../helpers/near.js';
import { cosines, reference, type Some, seededTensors } from './torch-reference.js';

const { training } = reference;
const tensors = seededTensors(training.tensors, training.order);

test.before(() => startTensorflow('wasm'));

/** The running statistics have no part in training. */
function startWeights(): TrainableResNet18 {
  const own = Object.entries(tensors).filter(([name]) => !name.startsWith('head'));
  const statistics = convolutionsOf(resnet18Shape(training.widths)).flatMap(
    ({ normalisation, channels }) =>
      ['running_mean', 'running_var'].map((part): [string, Tensor] => [
        `${normalisation}.${part}`,
        { shape: [channels], data: new Float32Array(channels) },
      ]),
  );
  const all = Object.fromEntries([...own, ...statistics]);
  return weightsFrom(all, 'narrow', training.widths).network;
}

/** Our names and shapes of a tensor of PyTorch: [o, i, k, k] → [k, k, i, o], [o, i] → [i, o]. */
function place(
  name: string,
  shape: readonly number[],
): { own: string; of: (at: number) => number } {
  const own = ownName(name);
  if (shape.length === 1) return { own, of: (at) => at };
  const [outputs, inputs] = shape;
  const area = (shape[2] ?? 1) * (shape[3] ?? 1);
  const of = (at: number): number => {
    const [o, i, tap] = [Math.floor(at / area / inputs), Math.floor(at / area) % inputs, at % area];
    return (tap * inputs + i) * outputs + o;
  };
  return { own, of };
}

function ownName(name: string): string {
  if (name.startsWith('head')) return name;
  for (const { name: conv, normalisation } of convolutionsOf(resnet18Shape(training.widths))) {
    if (name === `${conv}.weight`) return `${conv}.filter`;
    if (name === `${normalisation}.weight`) return `${conv}.scale`;
    if (name === `${normalisation}.bias`) return `${conv}.shift`;
  }
  throw new Error(name);
}

function referenceTrainer(): Trainer<TrainableResNet18> {
  const network = trainingResNet18(startWeights());
  const neutral = { mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
  const normalisation = neutral as unknown as ConstructorParameters<typeof Trainer>[2];
  const trainer = new Trainer(network, 3, normalisation, { ...PAPER_OPTIMISER, steps: 8 }, 1);
  const checkpoint = trainer.checkpoint();
  for (const [name, shape] of training.tensors) {
    const { own, of } = place(name, shape);
    const data = checkpoint[own].data;
    tensors[name].data.forEach((value, at) => {
      data[of(at)] = value;
    });
  }
  trainer.restore(checkpoint);
  return trainer;
}

function referenceBatch(): Batch {
  const { side, count } = training;
  return {
    pixels: cosines(count * side * side * 3).map((value) => (value + 1) / 2),
    labels: Int32Array.from({ length: count }, (_, n) => n % 3),
    side,
    cells: 1,
    classes: 3,
  };
}

function agrees(
  t: Parameters<typeof near>[0],
  found: Float32Array,
  { at, values, norm }: Some,
  of: (at: number) => number,
  name: string,
): void {
  const some = at.map((i) => found[of(i)]);
  near(t, some, values, 1e-3, name);
  near(t, [Math.hypot(...found) / norm], [1], 1e-3, `norm of ${name}`);
}

test.serial('loss and gradients of all parameters agree with PyTorch', (t) => {
  const { loss, accuracy, gradients } = referenceTrainer().gradients(referenceBatch());
  near(t, [loss, accuracy], [training.loss, training.accuracy], 1e-5);
  t.is(gradients.size, training.tensors.length);
  for (const [name, shape] of training.tensors) {
    const { own, of } = place(name, shape);
    agrees(t, gradients.get(own) as Float32Array, training.gradients[name], of, name);
  }
});

test.serial('training starts from the weights it is given, and changes all of them', (t) => {
  const start = startWeights();
  const trainer = new Trainer(
    trainingResNet18(start),
    3,
    { mean: [0.5, 0.5, 0.5], deviation: [1, 1, 1] },
    { ...PAPER_OPTIMISER, steps: 8 },
    1,
  );
  t.deepEqual(trainer.network(), start);
  trainer.train(referenceBatch());
  const trained = convolutionsOf(trainer.network()).values();
  mapConvolutions(start, ({ name, filter, scale, shift }) => {
    const now = trained.next().value as TrainableResNet18['stem'];
    t.notDeepEqual(now.filter, filter, name);
    t.notDeepEqual(now.scale, scale, name);
    t.notDeepEqual(now.shift, shift, name);
  });
});
