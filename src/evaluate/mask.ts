import { PatchlineError } from '../errors.js';
import { decodeImage } from '../frame/decode.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { readImageFile } from '../frame/read.js';
import { checkAspect } from '../frame/resize.js';

/** A mask of more pixels is refused: three bytes of each are held while it is read. */
const MAX_PIXELS = 100_000_000;

/**
 * Reads the mask of a defective image at the size of the anomaly map.
 *
 * A pixel is defective where any colour channel is above 127 of 255; transparency does not count,
 * since a mask with an alpha channel is often opaque throughout. A mask of another size is resized
 * to the nearest pixel, centres aligned as frames are.
 *
 * @returns [height, width], 1 defective, 0 good
 * @throws PatchlineError PL_DATASET (usage) if the file is no readable image, or its aspect ratio is
 *   not that of `size`.
 */
export async function readMask(path: string, size: Size): Promise<Uint8Array> {
  const source = await decode(path, size);
  const columns = Int32Array.from({ length: size.width }, (_, x) =>
    nearest(x, size.width, source.width),
  );
  const mask = new Uint8Array(size.width * size.height); // [height, width]
  for (let y = 0, target = 0; y < size.height; y++) {
    const row = nearest(y, size.height, source.height) * source.width;
    for (let x = 0; x < size.width; x++, target++) {
      const i = 3 * (row + columns[x]);
      mask[target] = Number(Math.max(source.data[i], source.data[i + 1], source.data[i + 2]) > 127);
    }
  }
  return mask;
}

/** The pixel of `from` under the centre of pixel `index` of `to`. */
function nearest(index: number, to: number, from: number): number {
  return Math.floor(((index + 0.5) * from) / to);
}

async function decode(path: string, size: Size): Promise<Pixels> {
  const options = { maxPixels: MAX_PIXELS, label: path };
  try {
    const pixels = await decodeImage(await readImageFile(path), { kind: 'encoded' }, options);
    checkAspect(pixels, size, path);
    return pixels;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PatchlineError('PL_DATASET', `unusable mask: ${reason}`, {
      disposition: 'usage',
      hint: 'A mask is an image of the size of its frame, white on the defect; mend or remove it.',
      cause: error,
    });
  }
}
