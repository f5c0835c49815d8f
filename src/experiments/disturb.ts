/** What happens to images on a line, done to the test images at the model's input size. */
import { decodeImage } from '../frame/decode.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { pixelsOf } from '../frame/resize.js';
import { sharp } from '../frame/sharp-setup.js';
import { lit } from '../learn/variation.js';
import type { Random } from '../random.js';

/**
 * brightness: a factor. blur: deviation of the Gaussian, px. jpeg: quality. shift: px to the right
 * and down. noise: deviation, of 255. rotation: degrees, clockwise on screen.
 */
export interface Disturbance {
  readonly kind: 'brightness' | 'blur' | 'jpeg' | 'shift' | 'noise' | 'rotation';
  readonly amount: number;
}

export async function disturb(
  pixels: Pixels,
  { kind, amount }: Disturbance,
  random: Random,
): Promise<Pixels> {
  const { width, height } = pixels;
  switch (kind) {
    case 'brightness':
      return lit(pixels, amount, 0, random);
    case 'blur':
      // By default sharp cuts a Gaussian of 1 px off at its neighbours.
      return pixelsOf(
        imageOf(pixels).blur({ sigma: amount, minAmplitude: 0.01, precision: 'float' }),
      );
    case 'jpeg': {
      const bytes = await imageOf(pixels).jpeg({ quality: amount }).toBuffer();
      return decodeImage(bytes, { kind: 'encoded' });
    }
    case 'noise':
      return lit(pixels, 1, amount, random);
    case 'shift':
    case 'rotation':
      return { width, height, data: moved(pixels, sourceOf(pixels, { kind, amount })) };
  }
}

/** The mask of a disturbed image: it moves with what it marks. [height, width] */
export function disturbMask(mask: Uint8Array, size: Size, { kind, amount }: Disturbance) {
  if (kind !== 'shift' && kind !== 'rotation') return mask;
  const source = sourceOf(size, { kind, amount });
  const out = new Uint8Array(mask.length);
  for (let at = 0; at < out.length; at++) {
    const [x, y] = source(at % size.width, Math.floor(at / size.width));
    const column = mirrored(Math.round(x), size.width);
    out[at] = mask[mirrored(Math.round(y), size.height) * size.width + column];
  }
  return out;
}

function imageOf({ width, height, data }: Pixels) {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Where the pixel that comes to (x, y) was. */
type Source = (x: number, y: number) => readonly [x: number, y: number];

function sourceOf(
  { width, height }: Size,
  { kind, amount }: { readonly kind: 'shift' | 'rotation'; readonly amount: number },
): Source {
  if (kind === 'shift') return (x, y) => [x - amount, y - amount];
  const cos = Math.cos((amount * Math.PI) / 180);
  const sin = Math.sin((amount * Math.PI) / 180);
  const centreX = (width - 1) / 2;
  const centreY = (height - 1) / 2;
  return (x, y) => {
    const dx = x - centreX;
    const dy = y - centreY;
    return [centreX + cos * dx + sin * dy, centreY - sin * dx + cos * dy];
  };
}

/** Bilinear; beyond the border the image is mirrored, so that no edge appears that was not there. */
function moved({ width, height, data }: Pixels, source: Source): Uint8Array {
  const out = new Uint8ClampedArray(data.length);
  const value = (x: number, y: number, c: number): number =>
    data[(mirrored(y, height) * width + mirrored(x, width)) * 3 + c];
  for (let at = 0; at < width * height; at++) {
    const [x, y] = source(at % width, Math.floor(at / width));
    const left = Math.floor(x);
    const top = Math.floor(y);
    const fx = x - left;
    const fy = y - top;
    for (let c = 0; c < 3; c++) {
      const upper = value(left, top, c) * (1 - fx) + value(left + 1, top, c) * fx;
      const lower = value(left, top + 1, c) * (1 - fx) + value(left + 1, top + 1, c) * fx;
      out[at * 3 + c] = upper * (1 - fy) + lower * fy;
    }
  }
  return new Uint8Array(out.buffer);
}

/** −1 → 0, −2 → 1, n → n − 1: whole pixels, the edge pixel counts twice. */
function mirrored(position: number, length: number): number {
  if (position < 0) return -1 - position;
  return position >= length ? 2 * length - 1 - position : position;
}
