/** Good images as training and calibration need them: decoded, at one size. */
import { basename } from 'node:path';
import { PatchlineError } from '../errors.js';
import { decodeForModel, decodeImage } from '../frame/decode.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { readImageFile } from '../frame/read.js';
import type { Normalisation } from '../model/manifest.js';
import type { Random } from '../random.js';

export interface GoodImage {
  readonly name: string;
  readonly pixels: Pixels;
}

/** Longest side that is learned at native size; larger images are scaled down to it. */
const MAX_NATIVE_SIDE = 512;

/** Images that are held in memory at most; of more, a seeded choice is read. */
export const MAX_IMAGES = 1000;
/** Memory for them: all 1000 at the largest default size. */
const MAX_BYTES = MAX_IMAGES * MAX_NATIVE_SIDE ** 2 * 3;

/** Images of the model's input size that may be held in memory: 1000, fewer where they are larger. */
export function imageLimit({ width, height }: Size): number {
  return Math.min(MAX_IMAGES, Math.floor(MAX_BYTES / (width * height * 3)));
}

const AT_ONCE = 4; // decoders in flight: libuv's pool

/**
 * The model's input size for images of a size: the size itself, scaled down to 512 px (or `longest`)
 * where it is larger.
 */
export function defaultInput({ width, height }: Size, longest = MAX_NATIVE_SIDE): Size {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** Size of an image file, after its EXIF rotation. */
export async function imageSize(path: string): Promise<Size> {
  const bytes = await readImageFile(path);
  const { width, height } = await decodeImage(bytes, { kind: 'encoded' }, { label: path });
  return { width, height };
}

/**
 * Reads images at the model's input size. All must have its aspect ratio; the first one that does
 * not, or cannot be read, ends it with an error that names the file.
 */
export async function readImages(
  paths: readonly string[],
  input: Size,
  onRead: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<GoodImage[]> {
  const images = new Array<GoodImage>(paths.length);
  let next = 0;
  let done = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < paths.length && !failed) {
      signal?.throwIfAborted();
      const index = next++;
      images[index] = await readImage(paths[index], input).catch((error: unknown) => {
        failed = true; // the other workers need not go on
        throw error;
      });
      onRead(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return images;
}

async function readImage(path: string, input: Size): Promise<GoodImage> {
  const bytes = await readImageFile(path);
  const { pixels } = await decodeForModel(bytes, { kind: 'encoded' }, input, { label: path });
  return { name: basename(path), pixels };
}

/** At most `limit` of the paths, chosen by the seed, in their order. */
export function chooseImages(paths: readonly string[], limit: number, random: Random): string[] {
  if (paths.length <= limit) return [...paths];
  const chosen = new Set(random.shuffled(paths).slice(0, limit));
  return paths.filter((path) => chosen.has(path));
}

/** A colour that never varies would divide by zero. */
const MIN_DEVIATION = 0.02;

/** Mean and deviation of each colour over all pixels, on the scale 0..1. */
export function normalisationOf(images: readonly GoodImage[]): Normalisation {
  const sum = [0, 0, 0];
  const square = [0, 0, 0];
  let count = 0;
  for (const { pixels } of images) {
    const { data } = pixels;
    count += data.length / 3;
    for (let i = 0; i < data.length; i++) {
      sum[i % 3] += data[i];
      square[i % 3] += data[i] * data[i];
    }
  }
  const mean = sum.map((s) => s / count / 255);
  const deviation = square.map((s, c) =>
    Math.max(MIN_DEVIATION, Math.sqrt(Math.max(0, s / count / 255 ** 2 - mean[c] ** 2))),
  );
  return { mean: triple(mean), deviation: triple(deviation) };
}

function triple(values: readonly number[]): [number, number, number] {
  return [values[0], values[1], values[2]];
}

/** @throws PL_IMAGE_BLANK if no image shows anything to learn from */
export function assertNotBlank(images: readonly GoodImage[]): void {
  const varies = ({ pixels }: GoodImage): boolean =>
    pixels.data.some((v, i) => v !== pixels.data[i % 3]);
  if (images.some(varies)) return;
  throw new PatchlineError('PL_IMAGE_BLANK', `all ${images.length} images are of one colour`, {
    hint: 'give images that show the product: check lens cap, exposure and lamp',
  });
}
