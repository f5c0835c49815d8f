/** A decoding thread for tests of what is around the engine: it hands the bytes on as they are. */
import type {
  DecodedFrame,
  DecodeTask,
  OverlayPicture,
  OverlayTask,
} from '../../src/engine/decode-thread.js';
import type { FinishedFrame, FinishTask } from '../../src/engine/finish.js';
import { answering } from '../../src/engine/reply.js';
import { PatchlineError } from '../../src/errors.js';
import type { Pixels } from '../../src/frame/pixels.js';
import { fakeVerdict } from './fake-finish.js';
import { obey } from './fake-orders.js';

const SIDE = { top: true, bottom: true, left: true, right: true };

async function decodeFrame({ bytes, label, input: size }: DecodeTask): Promise<DecodedFrame> {
  await obey('decode', bytes);
  if (Buffer.from(bytes).toString() === 'bad') {
    throw new PatchlineError('PL_IMAGE_UNREADABLE', `${label} is bad`, { disposition: 'reject' });
  }
  const tiles = [{ x: 0, y: 0, ...size }];
  const input = { size, groups: [{ tiles, border: SIDE, pixels: bytes }], statistics: {} };
  return { input, size, cut: undefined, decodeMs: 1 };
}

async function drawOverlay({ pixels }: OverlayTask): Promise<OverlayPicture> {
  await obey('overlay', pixels.data);
  return { jpeg: Uint8Array.of(0xff, 0xd8), overlayMs: 1 };
}

export const decode = answering(decodeFrame, () => []);
async function finishFrame({ frame, wantsMap }: FinishTask): Promise<FinishedFrame> {
  return fakeVerdict(frame as Pixels, wantsMap);
}

export const finish = answering(finishFrame, () => []);
export const overlay = answering(drawOverlay, () => []);
