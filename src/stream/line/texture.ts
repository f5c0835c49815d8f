import type { Random } from '../../random.js';

/** Frames of the line are SIDE x SIDE pixels. */
export const SIDE = 256;

/** Textures repeat after this many pixels; a power of two, so that wrapping round is a mask. */
const PERIOD = 512;
const WRAP = PERIOD - 1;

/** A seamless square of noise with mean 0 and deviation 1: [PERIOD, PERIOD]. */
export type Texture = Float32Array;

/**
 * White noise, box-blurred three times (nearly Gaussian) with radii `rx`, `ry` in pixels:
 * (0, 0) is grain, (20, 0) brushing along x, (40, 40) clouds.
 */
export function noiseTexture(random: Random, rx: number, ry: number): Texture {
  let field: Texture = Float32Array.from({ length: PERIOD * PERIOD }, () => random.normal());
  for (let pass = 0; pass < 3; pass++) {
    field = blurLines(field, rx, 1, PERIOD);
    field = blurLines(field, ry, PERIOD, 1);
  }
  return standardised(field);
}

/** A randomly placed, randomly mirrored piece of a texture: [SIDE, SIDE]. */
export function crop(texture: Texture, random: Random): Float32Array {
  const [x0, y0] = [random.integer(0, WRAP), random.integer(0, WRAP)];
  const [dx, dy] = [random.pick([-1, 1]), random.pick([-1, 1])];
  const piece = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    const row = ((y0 + dy * y) & WRAP) * PERIOD;
    for (let x = 0; x < SIDE; x++) piece[y * SIDE + x] = texture[row + ((x0 + dx * x) & WRAP)];
  }
  return piece;
}

/** Running mean of 2·radius + 1 values along one axis, wrapping round. */
function blurLines(field: Float32Array, radius: number, step: number, line: number): Float32Array {
  if (radius === 0) return field;
  const out = new Float32Array(field.length);
  const weight = 1 / (2 * radius + 1);
  for (let l = 0; l < PERIOD; l++) {
    const at = (i: number) => l * line + (i & WRAP) * step;
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += field[at(i)];
    for (let i = 0; i < PERIOD; i++) {
      out[at(i)] = sum * weight;
      sum += field[at(i + radius + 1)] - field[at(i - radius)];
    }
  }
  return out;
}

function standardised(field: Float32Array): Float32Array {
  let [sum, squares] = [0, 0];
  for (const v of field) {
    sum += v;
    squares += v * v;
  }
  const mean = sum / field.length;
  const deviation = Math.sqrt(squares / field.length - mean * mean);
  return field.map((v) => (v - mean) / deviation);
}
