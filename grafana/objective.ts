/** The objectives, as deploy/prometheus/rules.yml has them; a test holds the two together. */

/** A verdict within this many seconds of the capture: a bucket bound of the latency histogram. */
export const LATENCY_SECONDS = 0.5;

/** Share of frames that may miss an objective. */
export const BUDGET = 0.01;

/** Burn rates that page at once, and within hours. */
export const BURN_LIMITS = [6, 14.4] as const;

/** Seconds behind the cameras from which somebody should look. */
export const LAG_LIMITS = [30, 60] as const;
