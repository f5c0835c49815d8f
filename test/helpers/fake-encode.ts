/** An encoder thread for tests of what is around the engine. `anomalous` is, all else is ok. */
import { threadId } from 'node:worker_threads';
import type {
  BatchTask,
  EncodedBatch,
  JudgedFrame,
  JudgeTask,
} from '../../src/engine/encode-thread.js';
import { answering } from '../../src/engine/reply.js';
import { fakeVerdict } from './fake-finish.js';
import { obey } from './fake-orders.js';

const FACTS = { encodeMs: 1, thread: threadId, memory: { bytes: 100, tensors: 10 } };

async function judgeFrame({ input, wantsMap }: JudgeTask): Promise<JudgedFrame> {
  const [{ pixels }] = input.groups;
  await obey('encode', pixels);
  return { ...fakeVerdict({ ...input.size, data: pixels }, wantsMap), ...FACTS };
}

async function encodeBatch({ inputs }: BatchTask): Promise<EncodedBatch> {
  for (const { groups } of inputs) await obey('encode', groups[0].pixels);
  const frames = inputs.map(({ size, groups }) => ({
    outputs: [],
    frame: { ...size, data: groups[0].pixels },
  }));
  return { frames, ...FACTS };
}

export const isGpu = answering(
  async () => true,
  () => [],
);
export const judge = answering(judgeFrame, () => []);
export const encode = answering(encodeBatch, () => []);
