/** How the worker is, for probes and people. */
export interface Health {
  /** False: restart it (its loop or its consumer is dead). */
  readonly live: boolean;
  /** False: it does not work on frames now (starting, draining, no model). */
  readonly ready: boolean;
  readonly state: string;
  /** Why it is not live or not ready; empty if it is both. */
  readonly reasons: readonly string[];
}
