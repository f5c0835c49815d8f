import test from 'ava';
import { standardisation, standardise } from '../../src/density/standard.js';
import { PatchlineError } from '../../src/errors.js';
import { near } from './reference.js';

test('hand case: mean 3, deviation 2', (t) => {
  const scores = Float32Array.of(1, 5, 1, 5);
  const standard = standardisation(scores);
  t.deepEqual(standard, { mean: 3, deviation: 2 });
  t.deepEqual([...standardise(scores, standard)], [-1, 1, -1, 1]);
});

test('equal scores have a small deviation, but one above 0', (t) => {
  near(t, [standardisation(new Float32Array(3)).deviation], [1e-6], 1e-12);
  near(t, [standardisation(new Float32Array(3).fill(-500)).deviation], [5e-4], 1e-12);
});

test('no scores and NaN are errors', (t) => {
  const numeric = { instanceOf: PatchlineError, code: 'PL_NUMERIC' };
  t.throws(() => standardisation(new Float32Array(0)), { ...numeric, message: /no held-out/ });
  t.throws(() => standardisation(Float32Array.of(1, Number.NaN)), { ...numeric, message: /NaN/ });
});
