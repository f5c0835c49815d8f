import type { Random } from '../../random.js';
import type { Reflectance } from './camera.js';
import type { Surface } from './surface.js';
import { crop, noiseTexture, SIDE } from './texture.js';

/** A brushed steel plate, brushed along x: streaks of several lengths under a broad soft sheen. */
export function metal(random: Random): Surface {
  const fine = noiseTexture(random, 6, 0);
  const medium = noiseTexture(random, 24, 0);
  const long = noiseTexture(random, 90, 1);
  const sheen = noiseTexture(random, 60, 30);

  return {
    draw(frame, finish) {
      const [f, m, l, s] = [fine, medium, long, sheen].map((texture) => crop(texture, frame));
      const brushing = finish === 1 ? 1 : 0.25; // a polished spot has lost most of its brushing
      const base = finish === 1 ? 0.6 : 0.7;
      const glare = frame.uniform(-20, 20) + SIDE / 2; // row where the lamp reflects most
      const out: Reflectance = new Float32Array(SIDE * SIDE * 3);
      for (let y = 0, i = 0; y < SIDE; y++) {
        const row = base + 0.07 * Math.exp(-(((y - glare) / 90) ** 2));
        for (let x = 0; x < SIDE; x++, i++) {
          const streaks = 0.028 * f[i] + 0.026 * m[i] + 0.02 * l[i];
          const grey = row + brushing * streaks + 0.008 * s[i];
          out[3 * i] = grey * 0.985;
          out[3 * i + 1] = grey;
          out[3 * i + 2] = grey * 1.02;
        }
      }
      return out;
    },
  };
}
