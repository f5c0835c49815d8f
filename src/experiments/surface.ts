/** The images of one surface, in memory: what is learned from, and what is tested on. */
import { openDataset, type TestImage } from '../evaluate/dataset.js';
import { readMask } from '../evaluate/mask.js';
import type { Pixels, Size } from '../frame/pixels.js';
import {
  chooseImages,
  defaultInput,
  type GoodImage,
  imageLimit,
  imageSize,
  readImages,
} from '../learn/images.js';
import { Random } from '../random.js';
import type { Training } from './conditions.js';

export interface TestFrame {
  readonly kind: string;
  readonly good: boolean;
  readonly pixels: Pixels;
  /** [height, width]; undefined for a defective frame without one */
  readonly mask: Uint8Array | undefined;
}

export interface Surface {
  readonly input: Size;
  /** What passes for good. */
  readonly good: readonly GoodImage[];
  readonly test: readonly TestFrame[];
}

/** Reads a dataset as `train` with `--seed` and `--max-images` and `eval` do. */
export async function readSurface(
  path: string,
  { images, hidden = 0 }: Training,
  seed: number,
): Promise<Surface> {
  const dataset = await openDataset(path);
  const input = defaultInput(await imageSize(dataset.trainGood[0]));
  const limit = Math.min(images ?? Number.POSITIVE_INFINITY, imageLimit(input));
  const paths = chooseImages(dataset.trainGood, limit, Random.for(seed, 'images'));
  const intruders = chooseIntruders(dataset.test, paths.length, hidden, seed);
  const test = dataset.test.filter((image) => !intruders.includes(image));
  const good = [...paths, ...intruders.map((image) => image.path)];
  return { input, good: await readImages(good, input), test: await readTest(test, input) };
}

/** So many defective test images that they are `share` of all that passes for good, at least one. */
export function chooseIntruders<T extends Pick<TestImage, 'good'>>(
  test: readonly T[],
  good: number,
  share: number,
  seed: number,
): T[] {
  if (share === 0) return [];
  const count = Math.max(1, Math.round((good * share) / (1 - share)));
  const defective = test.filter((image) => !image.good);
  return Random.for(seed, 'intruders').shuffled(defective).slice(0, count);
}

async function readTest(test: readonly TestImage[], input: Size): Promise<TestFrame[]> {
  const images = await readImages(
    test.map(({ path }) => path),
    input,
  );
  const frames: TestFrame[] = [];
  for (const [i, { kind, good, maskPath }] of test.entries()) {
    const mask = maskPath === undefined ? undefined : await readMask(maskPath, input);
    frames.push({ kind, good, pixels: images[i].pixels, mask });
  }
  return frames;
}
