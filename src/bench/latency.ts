/** How long frames take that come at a steady rate, as cameras send them. */

/** Share of the speed at which latency is measured: a line that is planned with some air. */
export const LOAD = 0.7;

/** Enough for a percentile of 99 to say something. */
export const MIN_LATENCY_FRAMES = 200;

export interface LatencyReport {
  /** Frames a second that came in: this share of what goes through. */
  readonly load: number;
  readonly framesPerSecond: number;
  readonly frames: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p99OverP50: number;
}

/** @param found milliseconds; the first tenth, while caches and threads wake up, does not count */
export function latencyOf(found: readonly number[], framesPerSecond: number): LatencyReport {
  const counted = found.slice(Math.ceil(found.length / 10)).sort((a, b) => a - b);
  const quantile = (q: number) => counted[Math.ceil(q * counted.length) - 1];
  const [p50Ms, p99Ms] = [quantile(0.5), quantile(0.99)];
  return {
    load: LOAD,
    framesPerSecond,
    frames: counted.length,
    p50Ms,
    p99Ms,
    p99OverP50: p99Ms / p50Ms,
  };
}
