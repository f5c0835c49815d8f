import sharp from 'sharp';
import type { Pixels } from '../../frame/pixels.js';

/** `jpeg` as industrial cameras send it (quality 92, full colour resolution), or lossless `png`. */
export type ImageFormat = 'jpeg' | 'png';

export async function encodeImage(pixels: Pixels, format: ImageFormat): Promise<Uint8Array> {
  const { width, height, data } = pixels;
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  const encoded =
    format === 'jpeg' ? image.jpeg({ quality: 92, chromaSubsampling: '4:4:4' }) : image.png();
  return encoded.toBuffer();
}

/** A mask of 0 and 1 as a black and white PNG of one channel. */
export async function encodeMask(mask: Uint8Array, width: number): Promise<Uint8Array> {
  const grey = mask.map((value) => 255 * value);
  const raw = { width, height: mask.length / width, channels: 1 } as const;
  const image = sharp(grey, { raw }).toColourspace('b-w'); // else PNG becomes RGB
  return image.png().toBuffer();
}
