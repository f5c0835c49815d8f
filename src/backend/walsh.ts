/**
 * Filters by which tensors compute the statistics of frame/statistics.ts, in float32, where
 * n Σq² − (Σq)² would lose what a flat window deviates by. So squares are summed up of differences:
 * an area of m equal parts with sums S and spreads D = n Σq² − (Σq)² has the sum W₀ and the spread
 * m ΣD + W₁² + … + W²ₘ₋₁. W are the Walsh coefficients of S: sums with signs, in W₀ with plus alone.
 * Nothing is subtracted that is nearly the same, and the W are integers below 2²⁴, hence exact.
 */
import { CHANNELS, COLOUR, GREY } from '../frame/block-sums.js';

/** Weights in the order of their shape. */
export interface Filter {
  readonly data: Float32Array;
  readonly shape: [rows: number, cols: number, inputs: number, outputs: number];
}

/** R, G, B → −grey and grey, R + G + B. */
export const GREYS: Filter = { data: Float32Array.of(-1, 1, -1, 1, -1, 1), shape: [1, 1, 3, 2] };

/** What each neighbour adds to ∂x and ∂y of −grey, and to the laplacian and the copy of grey. */
const NONE = [0, 0, 0, 0];
const NORTH = [0, -1, 1, 0];
const WEST = [-1, 0, 1, 0];
const ITSELF = [0, 0, -4, 1];
const EAST = [1, 0, 1, 0];
const SOUTH = [0, 1, 1, 0];

/** −grey and grey → −∂x, −∂y, laplacian and grey, each channel by itself. */
export const EDGES: Filter = {
  data: Float32Array.from([NONE, NORTH, NONE, WEST, ITSELF, EAST, NONE, SOUTH, NONE].flat()),
  shape: [3, 3, 2, 2],
};

/** What is summed up of each pixel: R, G, B, |∂x|, |∂y|, |laplacian|, and grey, which is not used. */
export const PIXEL_CHANNELS = CHANNELS + 1;

/** A Walsh function at a place: by how many bits its number and the place have in common. */
const SIGNS = [1, -1, -1, 1];

/**
 * The Walsh coefficients of areas of side × side parts, of each channel by itself: W₀ first.
 *
 * @param side 2 or 4
 * @param step from one part to the next
 */
export function walsh(channels: number, side: number, step: number): Filter {
  const reach = (side - 1) * step + 1;
  const parts = side * side;
  const data = new Float32Array(reach * reach * channels * parts);
  for (let row = 0; row < side; row++) {
    for (let col = 0; col < side; col++) {
      const tap = (row * reach + col) * step * channels * parts;
      for (let i = 0; i < channels * parts; i++) {
        const [u, v] = [Math.floor((i % parts) / side), i % side];
        data[tap + i] = SIGNS[u & row] * SIGNS[v & col];
      }
    }
  }
  return { data, shape: [reach, reach, channels, parts] };
}

/** The sum over `side` × `side` parts, times their number: m ΣD. */
export function multiplied(side: number, step: number): Filter {
  const { data, shape } = walsh(1, side, step);
  const parts = side * side;
  const [rows, cols] = shape;
  const taps = Array.from({ length: rows * cols }, (_, tap) => Math.abs(data[tap * parts]) * parts);
  return {
    data: Float32Array.from(taps.flatMap((tap) => Array<number>(CHANNELS).fill(tap))),
    shape: [rows, cols, CHANNELS, 1],
  };
}

/** Squares of coefficients [channels × parts] → W₁² + … + W²ₘ₋₁ of the first six channels. */
export function withoutFirst(channels: number, side: number): Filter {
  const parts = side * side;
  const data = new Float32Array(channels * parts * CHANNELS);
  for (let c = 0; c < CHANNELS; c++) {
    for (let k = 1; k < parts; k++) data[(c * parts + k) * CHANNELS + c] = 1;
  }
  return { data, shape: [1, 1, channels * parts, CHANNELS] };
}

/** From sums over `side` × `side` pixels to means on the scale 0 … 1. */
export function meanScales(side: number): Float32Array {
  return Float32Array.from(
    { length: CHANNELS },
    (_, c) => 1 / (side * side * (c < 3 ? COLOUR : GREY)),
  );
}

/** From the highest −grey and the highest grey to the lowest and the highest on the scale 0 … 1. */
export const EXTREME_SCALES = Float32Array.of(-1 / GREY, 1 / GREY);
