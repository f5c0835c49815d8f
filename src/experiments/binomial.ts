/**
 * The counts that a binomial distribution of n trials with probability p leaves on either side with
 * at most 2.5 %: the central interval that holds at least 95 %.
 */
export function binomialInterval(n: number, p: number): readonly [low: number, high: number] {
  let below = 0; // P(X ≤ k)
  let low = -1;
  for (let k = 0; k <= n; k++) {
    below += probability(k, n, p);
    if (low < 0 && below >= 0.025) low = k;
    if (below >= 0.975) return [low, k];
  }
  return [low, n]; // rounding has kept the sum below
}

/** P(X = k), for p inside (0, 1). */
function probability(k: number, n: number, p: number): number {
  let log = k * Math.log(p) + (n - k) * Math.log1p(-p);
  for (let i = 1; i <= k; i++) log += Math.log((n - k + i) / i);
  return Math.exp(log);
}
