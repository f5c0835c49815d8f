/** k-means in Lloyd's way (1982), seeded: the same points, seed and machine give the same centres. */
import type { Random } from '../random.js';
import { nearestCentres, rowCount, sampleRows } from './rows.js';

/** The recipe's number: further ones move the centres, not the figures. */
const ITERATIONS = 5;

/**
 * `k` centres of `points` [n, dim] after 5 iterations from k random points (all n where n < k).
 * A centre that no point is nearest to stays where it is. → [min(k, n), dim]
 */
export function kmeans(points: Float32Array, dim: number, k: number, random: Random): Float32Array {
  const centres = sampleRows(points, dim, k, random);
  for (let i = 0; i < ITERATIONS; i++) {
    const { index } = nearestCentres(points, centres, dim);
    moveToMeans(centres, points, index, dim);
  }
  return centres;
}

function moveToMeans(
  centres: Float32Array,
  points: Float32Array,
  index: Int32Array,
  dim: number,
): void {
  const k = rowCount(centres, dim);
  const sums = new Float64Array(k * dim);
  const counts = new Uint32Array(k);
  for (let i = 0; i < index.length; i++) {
    const j = index[i];
    counts[j]++;
    for (let d = 0; d < dim; d++) sums[j * dim + d] += points[i * dim + d];
  }
  for (let j = 0; j < k; j++) {
    if (counts[j] === 0) continue;
    for (let d = 0; d < dim; d++) centres[j * dim + d] = sums[j * dim + d] / counts[j];
  }
}
