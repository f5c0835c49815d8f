/**
 * What an encoder thread does: prepared input → score grid, map and verdict. Each thread has a back
 * end of its own and holds every model; both are ready when the module is.
 */
import { threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { type BackendName, startBackend } from '../backend/backends.js';
import type { BackendMemory, EncoderInput } from '../backend/encoder.js';
import { type FrameJudge, loadJudge } from '../detect/frame-judge.js';
import { wholeFrame } from '../detect/prepare.js';
import type { Judgement } from '../frame/frame.js';
import type { Pixels, Size } from '../frame/pixels.js';
import type { Bundle } from '../model/bundle.js';
import { answering } from './reply.js';

export interface EncodeThreadData {
  readonly backend: BackendName;
  readonly models: readonly Bundle[];
}

export interface EncodeTask {
  readonly model: string;
  readonly input: EncoderInput;
  /** Size of the frame that came in: regions are given in its pixels. */
  readonly size: Size;
  /** When to send the map back, for an overlay. */
  readonly wantsMap: 'always' | 'anomalous' | 'never';
}

export interface EncodedFrame extends Pick<Judgement, 'verdict' | 'score' | 'regions' | 'grid'> {
  readonly encodeMs: number;
  readonly densityMs: number;
  readonly mapMs: number;
  /** Which thread did it, and what its back end holds. */
  readonly thread: number;
  readonly memory: BackendMemory;
  /** Where the task wants it: the map, and the frame at its size if it came whole. */
  readonly map: { readonly scores: Float32Array; readonly frame: Pixels | undefined } | undefined;
}

interface LoadedModel {
  readonly judge: FrameJudge;
  readonly threshold: number;
}

const { backend: name, models } = workerData as EncodeThreadData;
const backend = await startBackend(name);
const loaded = new Map<string, LoadedModel>();
for (const bundle of models) {
  const { threshold } = bundle.manifest.calibration;
  loaded.set(bundle.id, { judge: await loadJudge(bundle, backend), threshold });
}

async function encodeFrame({ model, input, size, wantsMap }: EncodeTask): Promise<EncodedFrame> {
  const { judge, threshold } = loaded.get(model) as LoadedModel;
  const { map, timings, ...judgement } = await judge.judge(input, threshold, size);
  const wanted =
    wantsMap === 'always' || (wantsMap === 'anomalous' && judgement.verdict === 'anomalous');
  return {
    ...judgement,
    encodeMs: timings.encode,
    densityMs: timings.density,
    mapMs: timings.map,
    thread: threadId,
    memory: judge.memory(),
    map: wanted && map !== undefined ? { scores: map, frame: wholeFrame(input) } : undefined,
  };
}

export const encode = answering(encodeFrame, ({ grid, map }) => [
  grid?.scores,
  map?.scores,
  map?.frame?.data,
]);
