/** Interleaved measurements: A B C … A B C …, so that a busy machine is unfair to all alike. */

/** The middle of some figures, and how far they scatter. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What one measurement gives. */
export interface Rate {
  readonly framesPerSecond: number;
  /**
   * CPU time of the whole process, all threads, for a frame. Other programs hardly change it, but it
   * does not see what waits.
   */
  readonly cpuMsPerFrame: number;
}

/** Something whose speed can be measured again and again. */
export interface Measurable {
  /** Works for about so long. */
  measure(seconds: number): Promise<Rate>;
}

export interface RoundsOptions {
  readonly rounds: number;
  /** For each case in each round. */
  readonly seconds: number;
  readonly onMeasured?: (done: number, total: number, index: number) => void;
  /** Looked at between two measurements. */
  readonly signal?: AbortSignal;
}

/** A first round, shorter and not counted, brings caches and the JIT compiler up to speed. */
const WARM_UP_SHARE = 0.25;

/** → [cases][rounds]. Rejects with the signal's reason when aborted. */
export async function measureInRounds(
  cases: readonly Measurable[],
  { rounds, seconds, onMeasured = () => {}, signal }: RoundsOptions,
): Promise<Rate[][]> {
  const rates = cases.map((): Rate[] => []);
  const total = cases.length * (rounds + 1);
  let done = 0;
  for (let round = 0; round <= rounds; round++) {
    for (const [index, measured] of cases.entries()) {
      signal?.throwIfAborted();
      const warmsUp = round === 0;
      const rate = await measured.measure(warmsUp ? seconds * WARM_UP_SHARE : seconds);
      if (!warmsUp) rates[index].push(rate);
      onMeasured(++done, total, index);
    }
  }
  return rates;
}

/** Of at least one figure. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const even = sorted.length % 2 === 0;
  return {
    median: even ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle],
    min: sorted[0],
    max: sorted[sorted.length - 1],
  };
}

/** How many times `a` is `b`, round by round: what slows a whole round down cancels out. */
export function ratioOf(a: readonly number[], b: readonly number[]): Spread {
  return spreadOf(a.map((figure, round) => figure / b[round]));
}

/** CPU time of this process, all threads, since the call. → ms */
export function cpuClock(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}
