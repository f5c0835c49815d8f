/** Prints how far WebGPU's results are from those of wasm, by what was calculated. */
import * as tf from '@tensorflow/tfjs-core';
import { startBackend } from '../../src/backend/backends.js';
import type { EncoderInput } from '../../src/backend/encoder.js';
import { uploadPacked } from '../../src/backend/webgpu/upload.js';
import type { LoadedDetector } from '../../src/detect/model.js';
import { prepareFrame } from '../../src/detect/prepare.js';
import { asPatchlineError } from '../../src/errors.js';
import { PAPER_READOUT, type Readout } from '../../src/learn/options.js';
import { load, smallModel, surface } from '../helpers/models.js';

/** Few pixels: a software adapter compiles every shader for seconds. */
const SIZE = { width: 72, height: 68 };
const PIXELS = surface(SIZE, 50);

const READOUTS: Readonly<Record<string, Partial<Readout>>> = {
  nearest: { density: 'nearest', views: ['stat8', 'rf16', 'rf64'] },
  paper: PAPER_READOUT,
};

/** Largest difference in relation to the largest value. */
function differenceOf(actual: Float32Array, expected: Float32Array): number {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return (
    expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i] - value)), 0) / scale
  );
}

async function differencesOf(readout: Partial<Readout>): Promise<Record<string, number>> {
  const wasm = await startBackend('wasm');
  const model = await smallModel(SIZE, readout);
  const frame = prepareFrame(PIXELS, Number.POSITIVE_INFINITY, true);
  const reference = await load(model, SIZE, wasm);
  const expected = await reference.localize(frame);
  const detector = await load(model, SIZE, await startBackend('webgpu'));
  const held = tf.memory().numTensors;
  const whole = await detector.localize(frame);
  const fromPixels = await inBatch(detector, prepareFrame(PIXELS, Number.POSITIVE_INFINITY, false));
  return {
    difference: differenceOf(whole.grid.scores, expected.grid.scores),
    inBatch: Math.max(...fromPixels.map((scores) => differenceOf(scores, expected.grid.scores))),
    leaked: tf.memory().numTensors - held,
  };
}

/** Scores of a frame three times: in two batches at once, its statistics left to the GPU. */
async function inBatch(
  { encoder, localizer }: LoadedDetector,
  frame: EncoderInput,
): Promise<Float32Array[]> {
  const batches = await Promise.all([encoder.encode([frame, frame]), encoder.encode([frame])]);
  return batches.flat().map((outputs) => localizer.localize(outputs).grid.scores);
}

/** Bytes that do not arrive as their number; more groups of threads than fit along one axis. */
async function wrongBytes(): Promise<number> {
  const bytes = Uint8Array.from({ length: 1200 * 1201 * 3 }, (_, i) => (i * 7) % 256);
  const pixels = uploadPacked(bytes, [1, 1200, 1201, 3]);
  const numbers = await pixels.data();
  return bytes.filter((byte, i) => numbers[i] !== byte).length;
}

try {
  const { name, details } = await startBackend('webgpu');
  const found: Record<string, unknown> = { name, details, wrongBytes: await wrongBytes() };
  for (const [what, readout] of Object.entries(READOUTS)) {
    found[what] = await differencesOf(readout);
  }
  process.stdout.write(`${JSON.stringify(found)}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failure: asPatchlineError(error).explanation })}\n`);
}
