import { Random } from '../../src/random.js';

/** `n` standard normal numbers. */
export function normals(n: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: n }, () => random.normal());
}
