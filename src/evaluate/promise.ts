/** Whether false alarms beyond the promised rate can be chance. */

/**
 * The probability of `count` or more false alarms among `total` good images, if these are
 * exchangeable with the `n` that the threshold was calibrated on. The threshold scatters, too: of
 * all orders in which the scores can come, a beta-binomial share has so many above the
 * (n + 1 − a)-th smallest of the n, with a = ⌊(n + 1)·α⌋ (Vovk 2012).
 */
export function falseAlarmChance(
  count: number,
  total: number,
  { n, alpha }: { readonly n: number; readonly alpha: number },
): number {
  const a = Math.floor((n + 1) * alpha + 1e-9);
  const b = n + 1 - a;
  let share = 1; // of orders with j of the images above
  for (let i = 0; i < total; i++) share *= (b + i) / (a + b + i);
  let fewer = 0;
  for (let j = 0; j < count; j++) {
    fewer += share;
    share *= ((total - j) / (j + 1)) * ((a + j) / (b + total - j - 1));
  }
  return Math.max(0, 1 - fewer);
}
