/** Progress on stderr: a live line on a terminal, otherwise a line now and then. */
import { duration } from './format.js';
import type { Output } from './output.js';

/** Between two lines where nobody can overwrite them. */
const LINE_MS = 10_000;
/** Between two states of a live line. */
const LIVE_MS = 100;

export interface Step {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** `loss 0.41, accuracy 83 %` */
  readonly detail?: string;
}

export class Progress {
  readonly #output: Output;
  readonly #now: () => number;
  #phase = '';
  /** When the phase began, ms. */
  #start = 0;
  /** Where the phase was first seen: the first step is slow, and a resumed run begins in between. */
  #first = { done: 0, at: 0 };
  #shown = 0;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#start = now();
  }

  update(step: Step): void {
    const now = this.#now();
    if (step.phase !== this.#phase) this.#begin(step, now);
    if (step.done >= step.total) {
      this.#output.note(`${stateOf(step)}${separated(duration(now - this.#start))}`);
      this.#start = now;
      this.#phase = '';
      return;
    }
    const { isTerminal } = this.#output;
    if (now - this.#shown < (isTerminal ? LIVE_MS : LINE_MS)) return;
    this.#shown = now;
    const line = `${stateOf(step)}${separated(this.#remaining(step, now))}`;
    if (isTerminal) this.#output.live(line);
    else this.#output.note(line);
  }

  #begin({ phase, done }: Step, now: number): void {
    this.#phase = phase;
    this.#first = { done, at: now };
    this.#shown = this.#output.isTerminal ? 0 : now;
  }

  /** By the pace so far; empty as long as there is none. */
  #remaining({ done, total }: Step, now: number): string {
    const { done: from, at } = this.#first;
    if (done <= from) return '';
    return `${duration(((now - at) / (done - from)) * (total - done))} left`;
  }
}

/** Of the longest phase: figures then stand below each other. */
const PHASE_WIDTH = 12;

function stateOf({ phase, done, total, detail = '' }: Step): string {
  return `${phase.padEnd(PHASE_WIDTH)} ${done}/${total}${separated(detail)}`;
}

function separated(part: string): string {
  return part === '' ? '' : `  ${part}`;
}
