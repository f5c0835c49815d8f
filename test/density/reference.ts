import { readFileSync } from 'node:fs';
import { Random } from '../../src/random.js';

export { near } from '../helpers/near.js';

interface Case {
  readonly dim: number;
}

interface References {
  readonly ledoitWolf: readonly (Case & {
    readonly rows: number[];
    readonly mean: number[];
    readonly covariance: number[];
    readonly shrinkage: number;
  })[];
  readonly gaussian: Case & {
    readonly rows: number[];
    readonly points: number[];
    readonly scores: number[];
  };
  readonly nearest: Case & {
    readonly rows: number[];
    readonly heldOut: number[];
    readonly points: number[];
    readonly plain: number[];
    readonly local: number[];
    readonly both: number[];
  };
  readonly kernel: readonly (Case & {
    readonly bandwidth: number;
    readonly centres: number[];
    readonly points: number[];
    readonly logDensity: number[];
  })[];
  readonly bandwidth: readonly (Case & {
    readonly folds: number;
    readonly points: number[];
    readonly bandwidth: number;
  })[];
  readonly location: Case & {
    readonly rows: number;
    readonly cols: number;
    readonly grids: number[];
    readonly points: number[];
    readonly scores: number[];
  };
}

/** Values of scikit-learn, SciPy and NumPy: written by test/data/density.py. */
export const references: References = JSON.parse(
  readFileSync(new URL('../../../test/data/density.json', import.meta.url), 'utf8'),
);

/** Standard normal rows [n, dim]. */
export function normalRows(n: number, dim: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: n * dim }, () => random.normal());
}

export function identity(dim: number): Float32Array {
  return Float32Array.from({ length: dim * dim }, (_, i) => (i % (dim + 1) === 0 ? 1 : 0));
}
