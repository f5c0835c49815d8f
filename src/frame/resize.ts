import type { Sharp } from 'sharp';
import { PatchlineError } from '../errors.js';
import type { Pixels, Size } from './pixels.js';
import { sharp } from './sharp-setup.js';

/** Aspect ratios that differ by less are the same: a crop of a pixel is no other camera. */
const ASPECT_TOLERANCE = 0.01;

export function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/** Throws PL_IMAGE_SIZE if resizing to the model's input would distort the frame by over 1 %. */
export function checkAspect(frame: Size, input: Size, label: string): void {
  const ratio = (frame.width * input.height) / (frame.height * input.width);
  if (Math.max(ratio, 1 / ratio) <= 1 + ASPECT_TOLERANCE) return;
  throw new PatchlineError(
    'PL_IMAGE_SIZE',
    `${label} is ${frame.width}×${frame.height} px, but the model reads ` +
      `${input.width}×${input.height} px and shapes of that aspect ratio`,
    {
      disposition: 'reject',
      hint: 'Crop the image to the same aspect ratio, or train a model on images of this shape.',
    },
  );
}

/**
 * Shrinks by a triangle that spans two pixels of the result: each is a weighted mean of all that it
 * covers, so nothing overshoots and no small defect falls between samples. Upwards bilinear, where
 * libvips may shift the image by up to half a pixel of the result.
 */
export function scaled(image: Sharp, { width, height }: Size): Sharp {
  return image.resize(width, height, {
    fit: 'fill',
    kernel: 'linear',
    // Decode JPEGs at no less than twice the size: the last halving is the kernel's.
    fastShrinkOnLoad: false,
  });
}

/** Pixels of another size; the same ones if the size is theirs already. */
export async function resizePixels(pixels: Pixels, size: Size): Promise<Pixels> {
  if (sameSize(pixels, size)) return pixels;
  const { width, height, data } = pixels;
  const image = sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false });
  return pixelsOf(scaled(image, size));
}

/**
 * Runs a pipeline that ends in 8-bit RGB. The memory is the result's own, so that it can move to
 * another thread: sharp's is a Buffer's, which cannot. (Its `toUint8Array` could, but 0.35.5 never
 * frees what that returns.)
 */
export async function pixelsOf(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}
