/** The process of one back end under probe: starts it, then runs a frame as often as it is told. */
import { prepareFrame } from '../detect/prepare.js';
import { asPatchlineError } from '../errors.js';
import type { Size } from '../frame/pixels.js';
import { startBackend } from './backends.js';
import type { Encoder, EncoderInput } from './encoder.js';
import type { ProbeAnswer, ProbeOrder } from './probe.js';

let encoder: Encoder;
let input: EncoderInput;

process.on('message', async (order: ProbeOrder) => {
  const answer = await follow(order).catch((error: unknown): ProbeAnswer => {
    return { failure: asPatchlineError(error, 'PL_BACKEND').message };
  });
  process.send?.(answer);
});
process.on('disconnect', () => process.exit()); // the one who asks is gone

async function follow(order: ProbeOrder): Promise<ProbeAnswer> {
  if (order === 'run') {
    const start = performance.now();
    await encoder.encode([input]);
    return { ms: performance.now() - start };
  }
  const { network, views, size } = order.model;
  encoder = await (await startBackend(order.start)).encoder(network, views);
  input = prepareFrame(frameOf(size), Number.POSITIVE_INFINITY, true);
  return { ready: true };
}

/** Stripes: speed does not depend on what a frame shows. */
function frameOf({ width, height }: Size) {
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => i % 251),
  };
}
