import type { Crop } from '../../src/cutpaste/crop.js';
import type { JitterOptions } from '../../src/cutpaste/options.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { Random } from '../../src/random.js';

export const NO_JITTER: JitterOptions = { brightness: 0, contrast: 0, saturation: 0, hue: 0 };

export function blank(width: number, height: number): Pixels {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** An image (up to 256×256) whose pixels say where they are: red = x, green = y, blue = 255. */
export function positions(width: number, height: number): Pixels {
  const image = blank(width, height);
  for (let i = 0; i < width * height; i++) {
    image.data.set([i % width, Math.floor(i / width), 255], i * 3);
  }
  return image;
}

/** Coloured noise over the full range, black and white included. */
export function noise(width: number, height: number, seed: number): Pixels {
  const random = new Random(seed);
  const image = blank(width, height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = random.integer(0, 255);
  return image;
}

/** Noise with equal channels. */
export function greyNoise(width: number, height: number, seed: number): Pixels {
  const image = noise(width, height, seed);
  for (let i = 0; i < image.data.length; i++) image.data[i] = image.data[i - (i % 3)];
  return image;
}

/** A crop from a function of the pixel. */
export function cropFrom(side: number, value: (x: number, y: number, c: number) => number): Crop {
  const data = Float32Array.from({ length: side * side * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return value(pixel % side, Math.floor(pixel / side), i % 3);
  });
  return { side, data };
}

/** A regular surface: diagonal stripes, 16 px apart, in which every paste shows. */
export function striped(width: number, height: number, phase: number): Pixels {
  const image = blank(width, height);
  for (let i = 0; i < width * height; i++) {
    const across = (i % width) + 0.5 * Math.floor(i / width);
    const level = Math.round(128 + 60 * Math.sin((across / 16) * 2 * Math.PI + phase));
    image.data.set([level, level, level], i * 3);
  }
  return image;
}
