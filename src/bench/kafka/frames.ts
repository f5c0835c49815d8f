/** Frames of the size that cameras send: noise makes their JPEGs as large as real ones. */
import type { Pixels, Size } from '../../frame/pixels.js';
import { resizePixels } from '../../frame/resize.js';
import { sharp } from '../../frame/sharp-setup.js';
import { Random } from '../../random.js';
import { lineFrame } from '../../stream/line/line.js';

/** Different frames that take turns. */
const FRAMES = 8;
const NOISE = 20;

/**
 * JPEGs of the synthetic line, encoded with the lowest quality at which one has `bytes` or more;
 * with the highest if even that has fewer.
 */
export async function kafkaFrames(size: Size, bytes: number): Promise<Uint8Array[]> {
  const frames = await Promise.all(Array.from({ length: FRAMES }, (_, n) => noisyFrame(size, n)));
  let [low, quality] = [50, 100];
  while (low < quality) {
    const middle = Math.floor((low + quality) / 2);
    if ((await jpeg(frames[0], middle)).length >= bytes) quality = middle;
    else low = middle + 1;
  }
  return Promise.all(frames.map((frame) => jpeg(frame, quality)));
}

async function noisyFrame(size: Size, index: number): Promise<Pixels> {
  const request = { surface: 'metal', seed: 7, index, defectRate: 0.12 } as const;
  const pixels = await resizePixels(lineFrame(request).pixels, size);
  const random = Random.for(7, 'noise', index);
  const data = pixels.data.map((value) => {
    return Math.max(0, Math.min(255, value + random.integer(-NOISE, NOISE)));
  });
  return { ...pixels, data };
}

function jpeg({ width, height, data }: Pixels, quality: number): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: '4:4:4' })
    .toBuffer();
}
