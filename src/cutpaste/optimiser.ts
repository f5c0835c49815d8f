/** How far each step goes (CutPaste A.1: momentum SGD, single-cycle cosine decay). */

export interface OptimiserOptions {
  /** Steps of the whole run: the cosine's length. */
  readonly steps: number;
  /** Peak learning rate. The paper: 0.03 for its ResNet-18 (A.1). */
  readonly learningRate: number;
  /** Share of the steps in which the learning rate rises linearly from 0. */
  readonly warmUp: number;
  readonly momentum: number;
  /** Of all parameters, as PyTorch's SGD has it. */
  readonly weightDecay: number;
}

export const DEFAULT_OPTIMISER: Omit<OptimiserOptions, 'steps'> = {
  learningRate: 0.05,
  warmUp: 0.05,
  momentum: 0.9,
  weightDecay: 3e-5,
};

/** The paper's own, for its ResNet-18 (A.1). */
export const PAPER_OPTIMISER: Omit<OptimiserOptions, 'steps'> = {
  learningRate: 0.03,
  warmUp: 0,
  momentum: 0.9,
  weightDecay: 3e-5,
};

/** Linear warm-up, then a single cosine to zero (A.1: "single-cycle cosine learning rate decay"). */
export function learningRateAt(step: number, o: OptimiserOptions): number {
  const rise = Math.min(1, (step + 1) / Math.max(1, o.warmUp * o.steps));
  return o.learningRate * rise * 0.5 * (1 + Math.cos((Math.PI * step) / o.steps));
}
