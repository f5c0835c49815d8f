/** A share of images, with the 95 % confidence interval that their number allows. */
export interface Rate {
  readonly count: number;
  readonly total: number;
  /** count / total */
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const Z95 = 1.959963984540054; // standard normal quantile of 0.975

/**
 * `count` out of `total` with its 95 % Wilson score interval (Wilson, JASA 1927), which stays
 * within [0, 1] and is useful at 0 of n, unlike the textbook interval.
 *
 * @throws RangeError unless 0 ≤ count ≤ total and total > 0.
 */
export function rate(count: number, total: number): Rate {
  if (!(total > 0 && count >= 0 && count <= total)) {
    throw new RangeError(`${count} of ${total} is not a rate`);
  }
  const value = count / total;
  const shrink = 1 + Z95 ** 2 / total;
  const centre = (value + Z95 ** 2 / (2 * total)) / shrink;
  const half =
    (Z95 / shrink) * Math.sqrt((value * (1 - value)) / total + Z95 ** 2 / (4 * total ** 2));
  return {
    count,
    total,
    value,
    low: count === 0 ? 0 : centre - half, // exact ends: rounding leaves ±1e-18 there
    high: count === total ? 1 : centre + half,
  };
}
