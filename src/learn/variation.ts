/**
 * Good images as a line may show them another day: a lamp ages, a sensor warms up. A density that has
 * seen good images in one light alone takes every other light for a defect.
 */
import type { Pixels } from '../frame/pixels.js';
import { Random } from '../random.js';
import type { GoodImage } from './images.js';

/** How far good frames may differ from the images that are learned from. */
export interface Tolerance {
  /** Brighter or darker by up to this share; 0 … 1. */
  readonly light: number;
  /** Standard deviation of a sensor's noise up to this, of full scale; 0 … 1. */
  readonly noise: number;
}

/** Each image, followed by itself in another light and with more noise. */
export function withVariations(
  images: readonly GoodImage[],
  tolerance: Tolerance,
  seed: number,
): readonly GoodImage[] {
  if (tolerance.light === 0 && tolerance.noise === 0) return images;
  return images.flatMap((image, n) => [image, new VariedImage(image, tolerance, seed, n)]);
}

/** Made anew whenever its pixels are read: nobody holds them longer than it takes to encode them. */
class VariedImage implements GoodImage {
  readonly name: string;
  readonly #vary: () => Pixels;

  constructor({ name, pixels }: GoodImage, { light, noise }: Tolerance, seed: number, n: number) {
    this.name = name;
    this.#vary = () => {
      const random = Random.for(seed, 'variation', n);
      const factor = random.uniform(1 - light, 1 + light);
      return lit(pixels, factor, 255 * random.uniform(0, noise), random);
    };
  }

  get pixels(): Pixels {
    return this.#vary();
  }
}

/**
 * In another light, then with Gaussian noise; rounded, and clipped as a sensor does. A grey pixel
 * stays grey: the sensor of a grey camera has one number for it.
 *
 * @param factor of all values
 * @param deviation of the noise, of 255
 */
export function lit(
  { width, height, data }: Pixels,
  factor: number,
  deviation: number,
  random: Random,
): Pixels {
  const out = new Uint8ClampedArray(data.length); // rounds and clamps what is put into it
  let noise = 0;
  for (let i = 0; i < data.length; i++) {
    const first = i - (i % 3);
    const isGrey = data[first] === data[first + 1] && data[first] === data[first + 2];
    if (deviation > 0 && (i === first || !isGrey)) noise = random.normal(0, deviation);
    out[i] = factor * data[i] + noise;
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}
