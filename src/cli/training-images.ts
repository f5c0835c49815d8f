/** Which images training reads, and at what size. */
import { z } from 'zod';
import type { Kind } from '../config/kind.js';
import { PATCH_SIDE } from '../cutpaste/options.js';
import { PatchlineError } from '../errors.js';
import type { Size } from '../frame/pixels.js';
import { defaultInput, type GoodImage, imageSize, readImages } from '../learn/images.js';
import { size } from './format.js';
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

export interface Input {
  /** Of the first image. */
  readonly native: Size;
  /** The model's. */
  readonly size: Size;
}

/** @throws PL_IMAGE_SIZE if the first image is too small to be learned */
export async function inputOf(first: string, wanted: Size | 'native' | undefined): Promise<Input> {
  const native = await imageSize(first);
  if (typeof wanted === 'object') return { native, size: wanted };
  const input = wanted === 'native' ? native : defaultInput(native);
  if (Math.min(input.width, input.height) < PATCH_SIDE) {
    throw new PatchlineError(
      'PL_IMAGE_SIZE',
      `${first} is ${size(native)} px, learned at ${size(input)}; a patch alone has ${PATCH_SIDE}×${PATCH_SIDE}`,
      { hint: `give larger images, or scale them up with --input-size` },
    );
  }
  return { native, size: input };
}

/** Reads them all; the error for an image of another shape says which shape is meant. */
export async function readGoodImages(
  paths: readonly string[],
  input: Size,
  progress: Progress,
  signal: AbortSignal,
): Promise<GoodImage[]> {
  const onRead = (done: number): void =>
    progress.update({ phase: 'reading', done, total: paths.length });
  try {
    return await readImages(paths, input, onRead, signal);
  } catch (error) {
    if (!(error instanceof PatchlineError) || error.code !== 'PL_IMAGE_SIZE') throw error;
    throw new PatchlineError('PL_IMAGE_SIZE', error.message, {
      hint: `All images must have one shape (the first is ${paths[0]}). Take away or crop the others, or give --input-size the right shape.`,
      cause: error,
    });
  }
}
