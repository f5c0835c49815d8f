import type { ExecutionContext } from 'ava';

/** Each value within `tolerance` of its reference, relative to the greatest of the references. */
export function near(
  t: ExecutionContext,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = '',
): void {
  t.is(actual.length, expected.length, what);
  const scale = Array.from(expected).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(actual[i] - expected[i]);
    if (!(off <= tolerance * scale)) {
      t.fail(`${what}[${i}] is ${actual[i]}, expected ${expected[i]}, scale ${scale}`);
      return;
    }
  }
}
