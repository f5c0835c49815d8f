/**
 * What an encoder thread does: prepared input → score grid, map and verdict; or, where frames come in
 * batches, only what the encoder says of them. Each thread has a back end of its own and holds every
 * model; both are ready when the module is.
 */
import { threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { type BackendName, startBackend } from '../backend/backends.js';
import type { BackendMemory, Encoder, EncoderInput } from '../backend/encoder.js';
import { type FrameJudge, loadJudge } from '../detect/frame-judge.js';
import { isImageLevel } from '../detect/image-detector.js';
import { partsOf } from '../detect/model.js';
import { wholeFrame } from '../detect/prepare.js';
import type { Bundle } from '../model/bundle.js';
import {
  arraysOfEncoded,
  arraysOfFinished,
  type EncodedFrame,
  type FinishedFrame,
  Finisher,
  type FinishTask,
} from './finish.js';
import { answering } from './reply.js';

export interface EncodeThreadData {
  readonly backend: BackendName;
  readonly models: readonly Bundle[];
}

/** How long the encoder took, in which thread, and what its back end holds. */
interface EncoderFacts {
  readonly encodeMs: number;
  readonly thread: number;
  readonly memory: BackendMemory;
}

export interface BatchTask {
  readonly model: string;
  readonly inputs: readonly EncoderInput[];
}

export interface EncodedBatch extends EncoderFacts {
  readonly frames: readonly EncodedFrame[];
}

export type JudgeTask = Omit<FinishTask, 'outputs' | 'frame'> & { readonly input: EncoderInput };
export type JudgedFrame = FinishedFrame & EncoderFacts;

const { backend: name, models } = workerData as EncodeThreadData;
const backend = await startBackend(name);
const finisher = new Finisher(models);
const encoders = new Map<string, Encoder>(); // by bundle id
const imageLevel = new Map<string, { judge: FrameJudge; threshold: number }>(); // by bundle id
for (const bundle of models) {
  const { id, manifest, tensors } = bundle;
  const { detector, calibration } = manifest;
  if (isImageLevel(detector)) {
    const { threshold } = calibration;
    imageLevel.set(id, { judge: await loadJudge(bundle, backend), threshold });
  } else {
    const { network, requests } = partsOf(detector, tensors);
    encoders.set(id, await backend.encoder(network, requests));
  }
}

/** Whether the back end runs on a GPU. */
export const isGpu = answering(
  async () => backend.gpu === true,
  () => [],
);

export const encode = answering(encodeBatch, ({ frames }) => frames.flatMap(arraysOfEncoded));

export const judge = answering(judgeFrame, arraysOfFinished);

async function encodeBatch({ model, inputs }: BatchTask): Promise<EncodedBatch> {
  const encoder = encoders.get(model) as Encoder;
  const start = performance.now();
  const outputs = await encoder.encode(inputs);
  const frames = inputs.map((input, i) => ({ outputs: outputs[i], frame: wholeFrame(input) }));
  return { frames, ...factsOf(encoder, start) };
}

async function judgeFrame({ input, ...task }: JudgeTask): Promise<JudgedFrame> {
  if (imageLevel.has(task.model)) return judgeWhole({ input, ...task });
  const encoder = encoders.get(task.model) as Encoder;
  const start = performance.now();
  const [outputs] = await encoder.encode([input]);
  const facts = factsOf(encoder, start);
  return { ...finisher.finish({ ...task, outputs, frame: wholeFrame(input) }), ...facts };
}

/** By an image-level detector, which has no map to finish. */
async function judgeWhole({ model, input, size }: JudgeTask): Promise<JudgedFrame> {
  const { judge, threshold } = imageLevel.get(model) as { judge: FrameJudge; threshold: number };
  const start = performance.now();
  const { verdict, score, regions } = await judge.judge(input, threshold, size);
  const facts = factsOf(judge, start); // with the density: one row of numbers
  return { verdict, score, regions, map: undefined, densityMs: 0, mapMs: 0, ...facts };
}

function factsOf(encoder: Pick<Encoder, 'memory'>, start: number): EncoderFacts {
  return { encodeMs: performance.now() - start, thread: threadId, memory: encoder.memory() };
}
