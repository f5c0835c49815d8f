import { readFileSync } from 'node:fs';
import type { OptimiserOptions } from '../../src/cutpaste/optimiser.js';
import type { Normalisation } from '../../src/model/manifest.js';

interface Stored {
  readonly shape: number[];
  readonly data: number[];
}

interface Training {
  readonly losses: readonly {
    readonly name: string;
    readonly classes: number;
    readonly logits: number[];
    readonly labels: number[];
    readonly loss: number;
    readonly accuracy: number;
    readonly gradient: number[];
  }[];
  readonly training: {
    readonly layers: { kernel: number; stride: number; channels: number }[];
    readonly normalisation: Normalisation;
    readonly optimiser: OptimiserOptions;
    readonly side: number;
    readonly cells: number;
    readonly classes: number;
    readonly batches: readonly { pixels: number[]; labels: number[] }[];
    readonly start: Record<string, Stored>;
    readonly gradients: Record<string, Stored>;
    readonly steps: readonly { loss: number; accuracy: number; rate: number }[];
    readonly end: Record<string, Stored>;
  };
}

/** Figures of NumPy and SciPy in float64: written by test/data/training.py. */
export const reference: Training = JSON.parse(
  readFileSync(new URL('../../../test/data/training.json', import.meta.url), 'utf8'),
);
