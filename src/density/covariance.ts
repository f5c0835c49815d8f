/**
 * Mean and shrunk covariance of embeddings, in one pass over them.
 * Source: Ledoit & Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
 * Journal of Multivariate Analysis 88 (2004).
 */
import { PatchlineError } from '../errors.js';
import { trace } from './linear.js';
import { rowCount } from './rows.js';

export interface ShrunkCovariance {
  readonly mean: Float64Array; // [dim]
  /** (1 − shrinkage)·S + shrinkage·m·I, S the sample covariance (divided by n), m = trace(S)/dim. */
  readonly covariance: Float64Array; // [dim, dim], row-major
  /** 0 (the sample covariance as it is) to 1 (a multiple of the identity). */
  readonly shrinkage: number;
  readonly samples: number;
}

/** The Ledoit–Wolf estimate of `rows` [n, dim]. Throws PL_NUMERIC without rows or with a NaN. */
export function ledoitWolf(rows: Float32Array, dim: number): ShrunkCovariance {
  const moments = new MomentAccumulator(dim);
  moments.add(rows);
  return moments.ledoitWolf();
}

/**
 * Raw moments of y = x − shift in float64, enough for the mean, the covariance and Ledoit–Wolf's
 * shrinkage. The shift is the first row: raw moments lose digits only where the mean is many
 * deviations away, and rows that are all equal give exactly 0.
 */
export class MomentAccumulator {
  readonly #dim: number;
  readonly #row: Float64Array; // [dim], y of the row at hand
  readonly #sum: Float64Array; // [dim], Σ y
  readonly #products: Float64Array; // [dim, dim], Σ y yᵀ, lower triangle
  readonly #weighted: Float64Array; // [dim], Σ |y|² y
  #fourth = 0; // Σ |y|⁴
  #count = 0;
  #shift: Float64Array | undefined; // [dim]

  constructor(dim: number) {
    this.#dim = dim;
    this.#row = new Float64Array(dim);
    this.#sum = new Float64Array(dim);
    this.#products = new Float64Array(dim * dim);
    this.#weighted = new Float64Array(dim);
  }

  /** Takes in more `rows` [n, dim]. */
  add(rows: Float32Array): void {
    const n = rowCount(rows, this.#dim);
    if (n === 0) return;
    this.#shift ??= Float64Array.from(rows.subarray(0, this.#dim));
    for (let r = 0; r < n; r++) this.#addRow(rows, r * this.#dim, this.#shift);
    this.#count += n;
  }

  #addRow(rows: Float32Array, at: number, shift: Float64Array): void {
    const dim = this.#dim;
    const y = this.#row;
    const products = this.#products;
    let square = 0;
    for (let i = 0; i < dim; i++) {
      const value = rows[at + i] - shift[i];
      y[i] = value;
      square += value * value;
    }
    for (let i = 0; i < dim; i++) {
      const value = y[i];
      const line = i * dim;
      this.#sum[i] += value;
      this.#weighted[i] += square * value;
      for (let j = 0; j <= i; j++) products[line + j] += value * y[j];
    }
    this.#fourth += square * square;
  }

  /** The estimate of all rows so far. Throws PL_NUMERIC without rows or with a NaN among them. */
  ledoitWolf(): ShrunkCovariance {
    const dim = this.#dim;
    const n = this.#count;
    if (n === 0 || this.#shift === undefined) {
      throw new PatchlineError('PL_NUMERIC', 'There are no embeddings to estimate a density from', {
        hint: 'Give at least two good images.',
      });
    }
    if (!Number.isFinite(this.#fourth)) {
      throw new PatchlineError('PL_NUMERIC', 'An embedding of a good image is NaN or infinite', {
        hint: 'Check the good images for blank or damaged ones, or train again with another seed.',
      });
    }
    const shift = this.#shift;
    const delta = this.#sum.map((s) => s / n); // mean of y
    const covariance = this.#sampleCovariance(delta);
    const shrinkage = shrinkageOf(covariance, dim, this.#centredFourth(delta), n);
    shrink(covariance, dim, shrinkage);
    return { mean: delta.map((d, i) => d + shift[i]), covariance, shrinkage, samples: n };
  }

  #sampleCovariance(delta: Float64Array): Float64Array {
    const dim = this.#dim;
    const covariance = new Float64Array(dim * dim);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j <= i; j++) {
        const value = this.#products[i * dim + j] / this.#count - delta[i] * delta[j];
        covariance[i * dim + j] = value;
        covariance[j * dim + i] = value;
      }
    }
    return covariance;
  }

  /** Σ |y − δ|⁴ from the raw moments, by expanding the square of |y|² − 2 y·δ + |δ|². */
  #centredFourth(delta: Float64Array): number {
    const dim = this.#dim;
    let squares = 0; // Σ |y|²
    let quadratic = 0; // δᵀ (Σ y yᵀ) δ
    let weighted = 0; // δ · Σ |y|² y
    let square = 0; // |δ|²
    for (let i = 0; i < dim; i++) {
      const diagonal = this.#products[i * dim + i];
      squares += diagonal;
      quadratic += delta[i] * delta[i] * diagonal;
      weighted += delta[i] * this.#weighted[i];
      square += delta[i] * delta[i];
      for (let j = 0; j < i; j++) {
        quadratic += 2 * delta[i] * delta[j] * this.#products[i * dim + j];
      }
    }
    const n = this.#count;
    return (
      this.#fourth - 4 * weighted + 4 * quadratic + 2 * square * squares - 3 * n * square * square
    );
  }
}

/** b²/d² of Ledoit & Wolf §3.3: how much of the sample covariance's spread is mere noise. */
function shrinkageOf(covariance: Float64Array, dim: number, fourth: number, n: number): number {
  const target = trace(covariance, dim) / dim;
  let norm = 0; // |S|², Frobenius
  let spread = 0; // d² = |S − mI|²
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < dim; j++) {
      const value = covariance[i * dim + j];
      const off = i === j ? value - target : value;
      norm += value * value;
      spread += off * off;
    }
  }
  const noise = Math.max(0, (fourth / n - norm) / n); // b²
  return spread === 0 ? 0 : Math.min(1, noise / spread);
}

function shrink(covariance: Float64Array, dim: number, shrinkage: number): void {
  const target = trace(covariance, dim) / dim;
  for (let i = 0; i < covariance.length; i++) covariance[i] *= 1 - shrinkage;
  for (let i = 0; i < dim; i++) covariance[i * dim + i] += shrinkage * target;
}
