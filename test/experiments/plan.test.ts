import test from 'ava';
import type { Condition } from '../../src/experiments/conditions.js';
import { conditionsOf } from '../../src/experiments/conditions.js';
import { jobsOf } from '../../src/experiments/plan.js';

const CATEGORIES = [
  { path: '/data/cookie', name: 'cookie', images: 40 },
  { path: '/data/screw', name: 'screw', images: 320 },
];
const CONDITIONS: readonly Condition[] = [
  { name: 'scar', training: { variant: 'scar' } },
  { name: 'default' },
  { name: 'few', training: { images: 50 } },
  { name: 'short', training: { steps: 100 } },
  { name: 'wide', readout: { sigma: 10 } },
  { name: 'none', training: { steps: 0 } },
];
const PLAN = { categories: CATEGORIES, seeds: [7, 8], conditions: CONDITIONS, work: 'work' };

test('one job a training: what many rows hang on first, then seed by seed, short ones first', (t) => {
  const jobs = jobsOf({ ...PLAN, categories: [CATEGORIES[1]] }, () => false);
  const order = jobs.map(({ seed, conditions }) => [
    seed,
    conditions.map(({ name }) => name).join(),
  ]);
  t.deepEqual(order, [
    [7, 'default,wide'],
    [8, 'default,wide'],
    [7, 'none'],
    [8, 'none'],
    [7, 'short'],
    [7, 'scar'],
    [7, 'few'],
    [8, 'short'],
    [8, 'scar'],
    [8, 'few'],
  ]);
  t.deepEqual(jobs[4].training, { steps: 100 });
});

test('what is done, and fewer images than there are where there are no more, is left out', (t) => {
  const jobs = jobsOf(PLAN, (_, seed, { name }) => seed === 8 || name === 'default');
  t.true(jobs.every(({ seed }) => seed === 7));
  t.true(jobs.every(({ conditions }) => conditions.every(({ name }) => name !== 'default')));
  const few = jobs.filter(({ training }) => training.images === 50);
  t.deepEqual(
    few.map(({ category }) => category),
    ['screw'],
  );
});

test('each condition has a name of its own, and changes something', (t) => {
  const [{ name: first }, ...others] = conditionsOf(['ablation', 'robustness']);
  t.is(first, 'default');
  t.is(new Set(others.map(({ name }) => name)).size, others.length);
  t.true(others.every((condition) => Object.keys(condition).length > 1));
});
