/**
 * Whether the network has learned anything: the proxy task on good images that it has not seen, with
 * defects pasted into them. The images are those that standardise scores, never those that set the
 * threshold (its promise would no longer hold) and never a test image.
 */
import type { Batch } from '../cutpaste/batch.js';
import type { StepResult, Trainer } from '../cutpaste/trainer.js';

export interface HeldOut extends StepResult {
  /** The accuracy of a network that does not look: 1/classes. */
  readonly chance: number;
  /** Whether the accuracy is above chance, by more than its own scatter and by `LEAST`. */
  readonly learned: boolean;
}

/** Batches of the verdict; the first of them are looked at while the training goes on. */
const BATCHES = 20;
const LIVE_BATCHES = 2;
/** Student's t of 19 degrees of freedom, exceeded by chance in 2.5 % of all cases. */
const T = 2.093;

/** Share of the way from chance to perfect; less is as good as nothing. A choice, not measured. */
const LEAST = 0.05;

/** Batch `i` of held-out images. */
export type BatchAt = (i: number) => Batch;

/** Loss and balanced accuracy so far, quickly. */
export function lookAt(trainer: Trainer<unknown>, batchAt: BatchAt): StepResult {
  return meanOf(evaluate(trainer, batchAt, LIVE_BATCHES));
}

export function verdictOn(trainer: Trainer<unknown>, batchAt: BatchAt): HeldOut {
  const results = evaluate(trainer, batchAt, BATCHES);
  const chance = 1 / batchAt(0).classes;
  const mean = meanOf(results);
  const accuracies = results.map(({ accuracy }) => accuracy);
  const isMuch = mean.accuracy - chance > LEAST * (1 - chance);
  return { ...mean, chance, learned: isMuch && isAbove(accuracies, chance) };
}

function evaluate(trainer: Trainer<unknown>, batchAt: BatchAt, count: number): StepResult[] {
  return Array.from({ length: count }, (_, i) => trainer.evaluate(batchAt(i)));
}

function meanOf(results: readonly StepResult[]): StepResult {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    loss: mean(results.map(({ loss }) => loss)),
    accuracy: mean(results.map(({ accuracy }) => accuracy)),
  };
}

/** A t test of twenty values against a level (one-sided, 2.5 %). */
export function isAbove(values: readonly number[], level: number): boolean {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return mean - T * Math.sqrt(variance / n) > level + 1e-9; // 1e-9: always one class is just chance
}
