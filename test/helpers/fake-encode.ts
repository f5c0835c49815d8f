/** An encoder thread for tests of what is around the engine. `anomalous` is, all else is ok. */
import { threadId } from 'node:worker_threads';
import type { EncodedFrame, EncodeTask } from '../../src/engine/encode-thread.js';
import { answering } from '../../src/engine/reply.js';
import { obey } from './fake-orders.js';

async function encodeFrame({ input, wantsMap }: EncodeTask): Promise<EncodedFrame> {
  const [{ pixels }] = input.groups;
  await obey('encode', pixels);
  const verdict = Buffer.from(pixels).toString() === 'anomalous' ? 'anomalous' : 'ok';
  const isWanted = wantsMap === 'always' || (wantsMap === 'anomalous' && verdict === 'anomalous');
  const scores = Float32Array.of(1, 2);
  return {
    verdict,
    score: 1,
    regions: [],
    grid: { rows: 1, cols: 2, stride: 4, offset: 3.5, scores },
    encodeMs: 1,
    densityMs: 1,
    mapMs: 1,
    thread: threadId,
    memory: { bytes: 100, tensors: 10 },
    map: isWanted ? { scores, frame: { ...input.size, data: pixels } } : undefined,
  };
}

export const encode = answering(encodeFrame, () => []);
