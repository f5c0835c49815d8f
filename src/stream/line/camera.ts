import type { Pixels } from '../../frame/pixels.js';
import type { Random } from '../../random.js';
import { crop, noiseTexture, SIDE, type Texture } from './texture.js';

/** Direction that light comes from, in frame coordinates (top left), unit length. */
export const LIGHT = { x: -0.6, y: -0.8 } as const;

/** What a camera sees of a surface before light and sensor: RGB in 0..1, [SIDE, SIDE, 3]. */
export type Reflectance = Float32Array;

/** The station's camera and lamp: brightness ±3 %, a light that falls off, vignette, sensor grain. */
export class Camera {
  readonly #grain: Texture;

  constructor(random: Random) {
    this.#grain = noiseTexture(random, 0, 0);
  }

  expose(reflectance: Reflectance, random: Random): Pixels {
    const gain = 255 * random.uniform(0.97, 1.03);
    const fallOff = random.uniform(0.03, 0.06); // from the centre to the corner away from the light
    const luma = crop(this.#grain, random);
    const chroma = crop(this.#grain, random);
    const data = new Uint8Array(SIDE * SIDE * 3);
    for (let y = 0, i = 0; y < SIDE; y++) {
      const v = (2 * y) / SIDE - 1;
      for (let x = 0; x < SIDE; x++, i++) {
        const u = (2 * x) / SIDE - 1;
        const light = gain * (1 + fallOff * (u * LIGHT.x + v * LIGHT.y) - 0.03 * (u * u + v * v));
        for (let c = 0; c < 3; c++) {
          const noise = 1.6 * luma[i] + 0.7 * chroma[i] * (c - 1);
          data[3 * i + c] = clampByte(reflectance[3 * i + c] * light + noise);
        }
      }
    }
    return { width: SIDE, height: SIDE, data };
  }
}

/** Rounds to the nearest of 0..255. */
export function clampByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
}
