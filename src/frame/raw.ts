import { PatchlineError } from '../errors.js';
import type { FrameEncoding } from './frame.js';
import type { Pixels } from './pixels.js';

type RawEncoding = Extract<FrameEncoding, { kind: 'raw' }>;

/**
 * 8-bit pixels as a camera sends them, row-major and interleaved: grey (1 channel), RGB (3) or
 * RGBA (4, alpha dropped). Throws PL_IMAGE_TOO_LARGE and, if the bytes are not just as many as
 * the size says, PL_IMAGE_UNREADABLE.
 */
export function rawPixels(
  bytes: Uint8Array,
  { width, height, channels }: RawEncoding,
  label: string,
): Pixels {
  const expected = width * height * channels;
  if (bytes.length !== expected || expected === 0) {
    throw new PatchlineError(
      'PL_IMAGE_UNREADABLE',
      `${label} has ${bytes.length} bytes of raw pixels, but ${width}×${height} px of ${channels} ` +
        `channel${channels === 1 ? '' : 's'} are ${expected}`,
      {
        disposition: 'reject',
        hint: 'Check the width, height and channels that the camera states.',
      },
    );
  }
  return { width, height, data: toRgb(bytes, width * height, channels) };
}

/** [count, channels] → [count, 3], always of its own memory. */
function toRgb(bytes: Uint8Array, count: number, channels: 1 | 3 | 4): Uint8Array {
  if (channels === 3) return bytes.slice();
  const out = new Uint8Array(count * 3);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; to < out.length; from += channels, to += 3) {
    out[to] = bytes[from];
    out[to + 1] = bytes[from + green];
    out[to + 2] = bytes[from + blue];
  }
  return out;
}
