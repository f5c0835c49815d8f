import type { Frame } from '../../src/frame/frame.js';

/** An encoded frame of camera `cam`; text as bytes stands for an order to the fake threads. */
export function frameOf(
  id: string,
  bytes: Uint8Array | string = '',
  fields: Partial<Frame> = {},
): Frame {
  return {
    id,
    camera: 'cam',
    capturedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
    encoding: { kind: 'encoded' },
    origin: { topic: 'test', partition: -1, offset: id },
    ...fields,
  };
}
