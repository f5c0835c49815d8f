import type { LinearMap } from './encoder.js';

/** |z|² − |z − c|² = 2·z·c − |c|² as a linear map of z. */
export function centreMap(centres: Float32Array, dim: number): LinearMap {
  const count = centres.length / dim;
  const weights = new Float32Array(centres.length); // [dim, count]
  const bias = new Float64Array(count);
  for (let c = 0; c < count; c++) {
    for (let d = 0; d < dim; d++) {
      const value = centres[c * dim + d];
      weights[d * count + c] = 2 * value;
      bias[c] -= value * value;
    }
  }
  return { inputs: dim, outputs: count, weights, bias: Float32Array.from(bias) };
}
