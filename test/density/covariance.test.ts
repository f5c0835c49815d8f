import test from 'ava';
import fc from 'fast-check';
import { ledoitWolf, MomentAccumulator } from '../../src/density/covariance.js';
import { PatchlineError } from '../../src/errors.js';
import { near, normalRows, references } from './reference.js';

for (const reference of references.ledoitWolf) {
  const { dim } = reference;
  const n = reference.rows.length / dim;
  test(`agrees with scikit-learn's LedoitWolf on ${n} rows of ${dim}`, (t) => {
    const fit = ledoitWolf(Float32Array.from(reference.rows), dim);
    near(t, fit.mean, reference.mean, 1e-12);
    near(t, fit.covariance, reference.covariance, 1e-9);
    near(t, [fit.shrinkage], [reference.shrinkage], 1e-9);
    t.is(fit.samples, n);
  });
}

test('hand case: four corners of a rectangle', (t) => {
  // S = diag(4, 1), m = 2.5, d² = 4.5; every |x|⁴ is 25, so b² = (25 − 17)/4 = 2
  const { mean, covariance, shrinkage } = ledoitWolf(Float32Array.of(3, 2, -1, 2, 3, 0, -1, 0), 2);
  near(t, mean, [1, 1], 1e-15);
  near(t, [shrinkage], [2 / 4.5], 1e-15);
  const rest = 1 - 2 / 4.5;
  near(t, covariance, [4 * rest + 2.5 * (1 - rest), 0, 0, rest + 2.5 * (1 - rest)], 1e-15);
});

test('rows that arrive in pieces and in any order give the same estimate', (t) => {
  const dim = 3;
  const rows = normalRows(20, dim, 1);
  const whole = ledoitWolf(rows, dim);
  const order = fc.shuffledSubarray([...Array(20).keys()], { minLength: 20 });
  fc.assert(
    fc.property(order, fc.integer({ min: 0, max: 20 }), (rowsInOrder, cut) => {
      const pieces = [rowsInOrder.slice(0, cut), rowsInOrder.slice(cut)];
      const moments = new MomentAccumulator(dim);
      for (const piece of pieces) {
        moments.add(
          Float32Array.from(piece.flatMap((r) => [...rows.subarray(r * dim, (r + 1) * dim)])),
        );
      }
      const streamed = moments.ledoitWolf();
      near(t, streamed.mean, whole.mean, 1e-12);
      near(t, streamed.covariance, whole.covariance, 1e-12);
      near(t, [streamed.shrinkage], [whole.shrinkage], 1e-12);
    }),
  );
});

test('with many samples nothing is shrunk and the true covariance is found', (t) => {
  const rows = normalRows(50_000, 2, 2).map((x, i) => (i % 2 === 0 ? 3 * x : x));
  const { covariance, shrinkage } = ledoitWolf(rows, 2);
  t.true(shrinkage < 1e-3);
  near(t, covariance, [9, 0, 0, 1], 0.02);
});

test('equal rows have exactly no covariance', (t) => {
  const { mean, covariance } = ledoitWolf(new Float32Array(30).fill(0.1), 3);
  t.deepEqual([...covariance], Array(9).fill(0));
  t.is(mean[0], Math.fround(0.1));
});

test('no rows, NaN and infinity are errors that say so', (t) => {
  const code = { instanceOf: PatchlineError, code: 'PL_NUMERIC' };
  t.throws(() => ledoitWolf(new Float32Array(0), 2), { ...code, message: /no embeddings/ });
  t.throws(() => ledoitWolf(Float32Array.of(1, 2, Number.NaN, 4), 2), { ...code, message: /NaN/ });
  t.throws(() => ledoitWolf(Float32Array.of(1, 2, 3, Number.POSITIVE_INFINITY), 2), code);
  t.throws(() => ledoitWolf(new Float32Array(5), 2), { code: 'PL_STATE', message: /rows of 2/ });
});
