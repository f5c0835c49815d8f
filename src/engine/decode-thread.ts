/**
 * What the decoding threads do: bytes → prepared input, and judged frames → overlay pictures. Where
 * frames are encoded in batches, also what follows the encoder.
 */
import { workerData } from 'piscina';
import type { EncoderInput } from '../backend/encoder.js';
import { arraysOf, prepareFrame, type WantsStatistics, wholeFrame } from '../detect/prepare.js';
import { decodeForModel } from '../frame/decode.js';
import type { FrameEncoding, Judgement, Region } from '../frame/frame.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { encodeOverlay } from '../localize/encode.js';
import { renderOverlay } from '../localize/overlay.js';
import type { Bundle } from '../model/bundle.js';
import { arraysOfFinished, Finisher, type FinishTask } from './finish.js';
import { answering } from './reply.js';

export interface DecodeThreadData {
  /** Those whose frames are finished here. */
  readonly models: readonly Bundle[];
}

const finisher = new Finisher((workerData as DecodeThreadData).models);

export interface DecodeTask {
  readonly bytes: Uint8Array;
  readonly encoding: FrameEncoding;
  /** What errors call the frame. */
  readonly label: string;
  /** Size of the model's input. */
  readonly input: Size;
  readonly maxPixels: number;
  /** Side of the tiles to cut, pixels; `Infinity` keeps the frame whole. */
  readonly tile: number;
  readonly statistics: WantsStatistics;
}

export interface DecodedFrame {
  readonly input: EncoderInput;
  /** Size of the frame that came in. */
  readonly size: Size;
  /** The frame at the model's input size, where it was cut; else the input has it whole. */
  readonly cut: Pixels | undefined;
  readonly decodeMs: number;
}

async function decodeFrame(task: DecodeTask): Promise<DecodedFrame> {
  const start = performance.now();
  const { bytes, encoding, label, maxPixels } = task;
  const { pixels, size } = await decodeForModel(bytes, encoding, task.input, { label, maxPixels });
  const input = prepareFrame(pixels, task.tile, task.statistics);
  const cut = wholeFrame(input) === undefined ? pixels : undefined;
  return { input, size, cut, decodeMs: performance.now() - start };
}

export const decode = answering(decodeFrame, ({ input, cut }) => [...arraysOf(input), cut?.data]);

export const finish = answering(
  async (task: FinishTask) => finisher.finish(task),
  arraysOfFinished,
);

export interface OverlayTask {
  readonly pixels: Pixels;
  readonly map: Float32Array;
  readonly threshold: number;
  readonly quiet: number;
  readonly verdict: Judgement['verdict'];
  /** In pixels of the model's input. */
  readonly regions: readonly Region[];
}

export interface OverlayPicture {
  readonly jpeg: Uint8Array;
  readonly overlayMs: number;
}

async function drawOverlay(task: OverlayTask): Promise<OverlayPicture> {
  const start = performance.now();
  const { pixels, map, threshold, regions, verdict, quiet } = task;
  const picture = renderOverlay(pixels, map, threshold, regions, verdict, quiet);
  const jpeg = new Uint8Array(await encodeOverlay(picture)); // own buffer: sharp's may be shared
  return { jpeg, overlayMs: performance.now() - start };
}

export const overlay = answering(drawOverlay, ({ jpeg }) => [jpeg]);
