import type { Pixels } from '../../frame/pixels.js';
import type { Random } from '../../random.js';
import { altered, between, boxAround } from './blob.js';
import { LIGHT } from './camera.js';

/**
 * A smooth hollow (or bump), 20 to 40 px across: its slope towards the light brightens, the other
 * one darkens. The shading is the derivative along the light of a tilted Gaussian hollow.
 */
export function dent(pixels: Pixels, random: Random, severity: number): Pixels {
  const cx = pixels.width * random.uniform(0.2, 0.8);
  const cy = pixels.height * random.uniform(0.2, 0.8);
  const sigma = between(7.5, 12, severity) * random.uniform(0.9, 1.15);
  const elongation = random.uniform(1, 1.6);
  const contrast = between(0.25, 0.36, severity) * random.pick([1, 1, -1]);
  const tilt = random.uniform(0, Math.PI);
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  const [su, sv] = [sigma * Math.sqrt(elongation), sigma / Math.sqrt(elongation)];

  return altered(pixels, boxAround(cx, cy, 3 * su), (x, y, value) => {
    const u = (cos * (x - cx) + sin * (y - cy)) / su;
    const v = (cos * (y - cy) - sin * (x - cx)) / sv;
    const bump = Math.exp(-(u * u + v * v) / 2);
    const alongLight = (cos * LIGHT.x + sin * LIGHT.y) * u + (cos * LIGHT.y - sin * LIGHT.x) * v;
    const slope = -alongLight * bump * Math.exp(0.5); // extremes −1 and 1
    return value + contrast * (slope - 0.25 * bump) * (0.35 * value + 80);
  });
}
