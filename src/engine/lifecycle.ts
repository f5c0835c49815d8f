import { PatchlineError } from '../errors.js';

/**
 * idle → starting → running → draining → stopped; `failed` from any state between the ends.
 * Draining: nothing new is let in, what is in flight is finished.
 */
export const LIFECYCLE_STATES = [
  'idle',
  'starting',
  'running',
  'draining',
  'stopped',
  'failed',
] as const;
export type LifecycleState = (typeof LIFECYCLE_STATES)[number];

const NEXT: Readonly<Record<LifecycleState, readonly LifecycleState[]>> = {
  idle: ['starting', 'stopped'],
  starting: ['running', 'draining', 'failed'],
  running: ['draining', 'failed'],
  draining: ['stopped', 'failed'],
  stopped: [],
  failed: [],
};

export type StateListener = (state: LifecycleState, before: LifecycleState) => void;

/** The one place where the state changes. */
export class Lifecycle {
  #state: LifecycleState = 'idle';
  #failure: PatchlineError | undefined;
  readonly #listeners = new Set<StateListener>();

  get state(): LifecycleState {
    return this.#state;
  }

  /** Why it failed. */
  get failure(): PatchlineError | undefined {
    return this.#failure;
  }

  /** Nothing more will happen. */
  get ended(): boolean {
    return NEXT[this.#state].length === 0;
  }

  onChange(listener: StateListener): void {
    this.#listeners.add(listener);
  }

  /** @throws PL_STATE if `next` cannot follow: a programming error */
  transition(next: LifecycleState): void {
    const before = this.#state;
    if (!NEXT[before].includes(next)) {
      throw new PatchlineError('PL_STATE', `an engine that is ${before} cannot become ${next}`);
    }
    this.#state = next;
    for (const listener of this.#listeners) listener(next, before);
  }

  /** Ends with an error. The first one counts; after an end it changes nothing. */
  fail(error: PatchlineError): void {
    if (this.ended || this.#state === 'idle') return;
    this.#failure = error;
    this.transition('failed');
  }
}
