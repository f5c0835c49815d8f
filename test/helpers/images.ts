import type { Pixels, Size } from '../../src/frame/pixels.js';
import { sharp } from '../../src/frame/sharp-setup.js';
import { Random } from '../../src/random.js';

/** The test surface, number `n`: ribs of 10 px with noise. */
export function surface({ width, height }: Size, n: number): Pixels {
  const random = Random.for(1, 'surface', n);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i += 3) {
    const x = (i / 3) % width;
    const grey = 120 + 40 * Math.sin((x + n) * (Math.PI / 5)) + random.integer(-12, 12);
    data.fill(grey, i, i + 3);
  }
  return { width, height, data };
}

/** A white square with a black core at (x, y), 16 px wide. */
export function withDefect(pixels: Pixels, x: number, y: number): Pixels {
  const data = pixels.data.slice();
  for (let row = 0; row < 16; row++) {
    for (let col = 0; col < 16; col++) {
      const isCore = Math.hypot(row - 7.5, col - 7.5) < 5;
      const at = 3 * ((y + row) * pixels.width + x + col);
      data.fill(isCore ? 0 : 255, at, at + 3);
    }
  }
  return { ...pixels, data };
}

export function png(pixels: Pixels): Promise<Uint8Array> {
  return imageOf(pixels).png().toBuffer();
}

export function jpeg(pixels: Pixels): Promise<Uint8Array> {
  return imageOf(pixels).jpeg({ quality: 95 }).toBuffer();
}

/** The same picture, each pixel as a square of `times` × `times`. */
export function enlargedPng(pixels: Pixels, times: number): Promise<Uint8Array> {
  const [width, height] = [pixels.width * times, pixels.height * times];
  return imageOf(pixels).resize(width, height, { kernel: 'nearest' }).png().toBuffer();
}

function imageOf({ width, height, data }: Pixels) {
  return sharp(data, { raw: { width, height, channels: 3 } });
}
