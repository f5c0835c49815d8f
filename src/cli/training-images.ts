/** Which images training reads, and at what size. */
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Kind } from '../config/kind.js';
import { PATCH_SIDE } from '../cutpaste/options.js';
import { PatchlineError } from '../errors.js';
import type { Dataset } from '../evaluate/dataset.js';
import type { Size } from '../frame/pixels.js';
import {
  assertNotBlank,
  defaultInput,
  type GoodImage,
  imageSize,
  readImages,
} from '../learn/images.js';
import { MIN_IMAGES } from '../learn/split.js';
import { count, size } from './format.js';
import type { Progress } from './progress.js';

const MAX_SIDE = 8192;

/** `256x256`, or `native`: the size of the first image, however large. */
export const sizeKind: Kind<Size | 'native'> = {
  placeholder: 'WxH',
  expected: `native, or a size of at least ${PATCH_SIDE}x${PATCH_SIDE} such as 320x256`,
  schema: z.union([
    z.literal('native'),
    z
      .string()
      .regex(/^\d+x\d+$/)
      .transform((written) => {
        const [width, height] = written.split('x').map(Number);
        return { width, height };
      })
      .refine(({ width, height }) => Math.min(width, height) >= PATCH_SIDE)
      .refine(({ width, height }) => Math.max(width, height) <= MAX_SIDE),
  ]),
};

/** @throws PL_DATASET (usage) with too few images to learn from */
export function assertEnough({ trainGood }: Dataset, path: string): void {
  if (trainGood.length >= MIN_IMAGES) return;
  throw new PatchlineError(
    'PL_DATASET',
    `${path} has ${count(trainGood.length, 'good image')}; it takes ${MIN_IMAGES} at least`,
    {
      disposition: 'usage',
      hint: 'give more: 20 show what can be reached, a few hundred are good',
    },
  );
}

export interface Input {
  /** Of the first image. */
  readonly native: Size;
  /** The model's. */
  readonly size: Size;
}

/**
 * @param longest side of the input, where none is wanted
 * @throws PL_IMAGE_SIZE if the first image is too small to be learned
 */
export async function inputOf(
  first: string,
  wanted: Size | 'native' | undefined,
  longest?: number,
): Promise<Input> {
  const native = await imageSize(first);
  if (typeof wanted === 'object') return { native, size: wanted };
  const input = wanted === 'native' ? native : defaultInput(native, longest);
  if (Math.min(input.width, input.height) < PATCH_SIDE) {
    throw new PatchlineError(
      'PL_IMAGE_SIZE',
      `${first} is ${size(native)} px, learned at ${size(input)}; a patch alone has ${PATCH_SIDE}×${PATCH_SIDE}`,
      { hint: `give larger images, or scale them up with --input-size` },
    );
  }
  return { native, size: input };
}

/** Reads them all, with errors that say what training needs. @throws what `readImages` throws */
export async function readGoodImages(
  paths: readonly string[],
  input: Size,
  progress: Progress,
  signal: AbortSignal,
): Promise<GoodImage[]> {
  const onRead = (done: number): void =>
    progress.update({ phase: 'reading', done, total: paths.length });
  try {
    const images = await readImages(paths, input, onRead, signal);
    assertNotBlank(images);
    return images;
  } catch (error) {
    throw inTrainingTerms(error, paths[0]);
  }
}

function inTrainingTerms(error: unknown, first: string): unknown {
  if (!(error instanceof PatchlineError)) return error;
  const { code, message, hint, cause } = error;
  switch (code) {
    case 'PL_IMAGE_SIZE':
      return new PatchlineError(code, message, {
        hint: `All images must have one shape (the first is ${first}). Take away or crop the others, or give --input-size the right shape.`,
        cause,
      });
    case 'PL_IMAGE_BLANK':
      return new PatchlineError(code, `${dirname(first)}: ${message}`, {
        ...(hint !== undefined && { hint }),
        cause,
      });
    default:
      return error;
  }
}
