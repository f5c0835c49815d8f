import type { Pixels } from '../../frame/pixels.js';
import type { Random } from '../../random.js';
import { altered, between, blob, smoothstep } from './blob.js';

/** What is left of red, green and blue under a full layer. */
const OIL = [0.72, 0.6, 0.42] as const;
const GRIME = [0.52, 0.52, 0.53] as const;
/** The colour that dried residue tends to, 0..255; only this one shows on a dark ground. */
const RESIDUE = [205, 200, 186] as const;

/** A blotch of 11 to 28 px mean radius with an irregular soft edge and a rim where it dried. */
export function stain(pixels: Pixels, random: Random, severity: number): Pixels {
  const x = pixels.width * random.uniform(0.2, 0.8);
  const y = pixels.height * random.uniform(0.2, 0.8);
  const radius = between(12, 24, severity) * random.uniform(0.9, 1.15);
  const shape = blob(random, {
    x,
    y,
    radius,
    elongation: random.uniform(1, 1.8),
    raggedness: 0.3,
  });
  const strength = between(0.6, 0.8, severity);
  const tint = random.pick([OIL, OIL, GRIME]);
  const dark = brightness(pixels, x, y, radius) < 110;
  return altered(pixels, shape.box, (px, py, value, c) => {
    const depth = shape.depth(px, py);
    const rim = Math.exp(-(((depth - 0.12) / 0.09) ** 2));
    const layer = strength * (0.85 * smoothstep(0, 0.4, depth) + 0.2 * rim);
    return dark ? value + 0.55 * layer * (RESIDUE[c] - value) : value * (1 - layer * (1 - tint[c]));
  });
}

/** Mean of all channels in the square around a point: 0..255. */
function brightness(pixels: Pixels, x: number, y: number, radius: number): number {
  let [sum, count] = [0, 0];
  for (let py = Math.ceil(y - radius); py < y + radius; py++) {
    for (let px = Math.ceil(x - radius); px < x + radius; px++) {
      if (px < 0 || py < 0 || px >= pixels.width || py >= pixels.height) continue;
      const i = 3 * (py * pixels.width + px);
      sum += pixels.data[i] + pixels.data[i + 1] + pixels.data[i + 2];
      count += 3;
    }
  }
  return sum / count;
}
