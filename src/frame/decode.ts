/**
 * Bytes → RGB pixels of 8 bit. What cameras and people deliver, and what becomes of it:
 *
 * - grey → R = G = B; palettes and samples of 1, 2 and 4 bit → their colours;
 * - alpha → dropped, not composited: the camera's light is in the colours, and a background to
 *   composite onto would be made up;
 * - 16 bit → the upper 8 bits, linear, whatever range the image fills; profiles are not applied;
 * - CMYK, and 8 bit with an ICC profile → sRGB, as the profile says;
 * - EXIF orientation → applied; all sizes are those of the upright image;
 * - several pages or an animation → the first image.
 *
 * Errors, all of disposition `reject`: PL_IMAGE_UNREADABLE (empty, truncated, no image),
 * PL_IMAGE_UNSUPPORTED (a format or kind of sample that is not read), PL_IMAGE_TOO_LARGE (by the
 * header alone, before anything is decoded), PL_IMAGE_SIZE (not the model's aspect ratio).
 */
import type { Metadata, Sharp } from 'sharp';
import { type ErrorCode, PatchlineError } from '../errors.js';
import { imageFormat } from './format.js';
import type { FrameEncoding } from './frame.js';
import type { Pixels, Size } from './pixels.js';
import { rawPixels } from './raw.js';
import { checkAspect, pixelsOf, resizePixels, sameSize, scaled } from './resize.js';
import { sharp } from './sharp-setup.js';

/** 8192 × 8192: larger than the sensors of industrial cameras, 200 MB when decoded. */
export const MAX_PIXELS = 2 ** 26;

export interface DecodeOptions {
  /** Images of more pixels are refused. Default {@link MAX_PIXELS}. */
  readonly maxPixels?: number;
  /** What errors call the image: a file name or a frame id. Default `the image`. */
  readonly label?: string;
}

/** The pixels of a frame at its own size. */
export async function decodeImage(
  bytes: Uint8Array,
  encoding: FrameEncoding,
  options: DecodeOptions = {},
): Promise<Pixels> {
  return encoding.kind === 'raw'
    ? openRaw(bytes, encoding, options)
    : render(await open(bytes, options));
}

/**
 * The pixels of a frame at the model's input size, and the size at which the frame came in. A frame
 * of the same aspect ratio (within 1 %) is resized; any other is PL_IMAGE_SIZE.
 */
export async function decodeForModel(
  bytes: Uint8Array,
  encoding: FrameEncoding,
  input: Size,
  options: DecodeOptions = {},
): Promise<{ pixels: Pixels; size: Size }> {
  if (encoding.kind === 'raw') {
    const pixels = openRaw(bytes, encoding, options);
    checkAspect(pixels, input, nameOf(options));
    const { width, height } = pixels;
    return { pixels: await resizePixels(pixels, input), size: { width, height } };
  }
  const opened = await open(bytes, options);
  checkAspect(opened.size, input, opened.label);
  return { pixels: await renderAt(opened, input), size: opened.size };
}

type RawEncoding = Extract<FrameEncoding, { kind: 'raw' }>;

function openRaw(bytes: Uint8Array, encoding: RawEncoding, options: DecodeOptions): Pixels {
  checkPixels(encoding, options);
  return rawPixels(bytes, encoding, nameOf(options));
}

/** An image whose header is read and found fit, and nothing else. */
interface OpenedImage {
  readonly label: string;
  readonly image: Sharp;
  /** Upright. */
  readonly size: Size;
  readonly hasAlpha: boolean;
}

async function open(bytes: Uint8Array, options: DecodeOptions): Promise<OpenedImage> {
  const label = nameOf(options);
  checkFormat(bytes, label);
  const header = await readHeader(bytes, label);
  checkPixels(header, options);
  checkSamples(header, label);
  const image = sharp(bytes, {
    // `none` would turn a truncated JPEG into grey; `warning` refuses harmless quirks of cameras.
    failOn: 'error',
    // sharp converts 16-bit RGB to Display P3 where there is a profile, and calls the result sRGB.
    ignoreIcc: header.depth === 'ushort',
    limitInputPixels: false, // checked above
  });
  const { width, height } = header.autoOrient;
  return { label, image, size: { width, height }, hasAlpha: header.hasAlpha };
}

/** Renders at another size; JPEGs shrink while they are decoded, several times faster. */
async function renderAt(opened: OpenedImage, size: Size): Promise<Pixels> {
  if (sameSize(opened.size, size)) return render(opened);
  // Alpha must go first: resizing would weight the colours by it.
  if (opened.hasAlpha) return resizePixels(await render(opened), size);
  return render({ ...opened, image: scaled(opened.image, size) });
}

async function render({ image, label }: OpenedImage): Promise<Pixels> {
  try {
    return await pixelsOf(image.autoOrient().removeAlpha().toColourspace('srgb'));
  } catch (cause) {
    throw damaged(label, cause);
  }
}

async function readHeader(bytes: Uint8Array, label: string): Promise<Metadata> {
  try {
    // Unlimited, for nothing is decoded here and the error should tell the size.
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw damaged(label, cause);
  }
}

function checkFormat(bytes: Uint8Array, label: string): void {
  if (bytes.length === 0) throw unreadable(`${label} is empty (0 bytes)`);
  const format = imageFormat(bytes);
  if (format === undefined) throw unreadable(`${label} is not an image, whatever its name says`);
  if (!format.readable) {
    throw rejected('PL_IMAGE_UNSUPPORTED', `${label} is ${format.name}, which is not read`, {
      hint: 'Convert it to PNG, JPEG, WebP or TIFF.',
    });
  }
}

function checkPixels({ width, height }: Size, options: DecodeOptions): void {
  const { maxPixels = MAX_PIXELS } = options;
  if (width * height <= maxPixels) return;
  throw rejected(
    'PL_IMAGE_TOO_LARGE',
    `${nameOf(options)} is ${width}×${height} px; the limit is ${maxPixels} px in all`,
    { hint: 'Scale or crop the image, or raise the limit if such frames are meant.' },
  );
}

/** Channels of the colour spaces that are read, without and with alpha. */
const CHANNELS: Readonly<Record<string, readonly number[]>> = {
  'b-w': [1, 2],
  grey16: [1, 2],
  srgb: [3, 4],
  rgb16: [3, 4],
  cmyk: [4, 5],
};

/** Refuses what libvips would clip (float, 32 bit) or whose channels it would guess at. */
function checkSamples({ depth, channels, space }: Metadata, label: string): void {
  const integers = depth === 'uchar' || depth === 'ushort'; // 1, 2 and 4 bit arrive as uchar
  if (integers && CHANNELS[space]?.includes(channels)) return;
  throw rejected(
    'PL_IMAGE_UNSUPPORTED',
    `${label} has pixels of ${channels} × ${depth} (${space}), which are not read`,
    { hint: 'Convert it to grey, RGB or CMYK of 8 bit, or to grey or RGB of 16 bit.' },
  );
}

function nameOf({ label }: DecodeOptions): string {
  return label ?? 'the image';
}

/** With the first line of what libvips says. */
function damaged(label: string, cause: unknown): PatchlineError {
  const [reason] = String(cause instanceof Error ? cause.message : cause).split('\n');
  return unreadable(`${label} is damaged: ${reason}`, cause);
}

function unreadable(message: string, cause?: unknown): PatchlineError {
  return rejected('PL_IMAGE_UNREADABLE', message, {
    hint: 'Replace the image by a whole one, or take it away.',
    cause,
  });
}

function rejected(
  code: ErrorCode,
  message: string,
  details: { hint: string; cause?: unknown },
): PatchlineError {
  return new PatchlineError(code, message, { ...details, disposition: 'reject' });
}
