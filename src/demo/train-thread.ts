/** Trains the model of one surface of the synthetic line, in a thread of its own. */
import type { MessagePort } from 'node:worker_threads';
import { startBackend } from '../backend/backends.js';
import { decodeImage } from '../frame/decode.js';
import type { GoodImage } from '../learn/images.js';
import { learnModel } from '../learn/model.js';
import { DEFAULT_LEARNING, type Progress, type Readout } from '../learn/options.js';
import { writeBundle } from '../model/bundle.js';
import { encodeImage } from '../stream/line/encode.js';
import { renderGood, type SurfaceName } from '../stream/line/surface.js';

export interface TrainTask {
  readonly surface: SurfaceName;
  /** Seed of the camera that the model is for. */
  readonly seed: number;
  readonly images: number;
  readonly steps: number;
  readonly alpha: number;
  readonly readout: Readout;
  /** Where the model is written. */
  readonly dir: string;
  /** Receives `Progress`. */
  readonly port: MessagePort;
}

/** Frames of the line count from 0; the good images to learn from are none of them. */
const FIRST_IMAGE = 1_000_000;

export async function train(task: TrainTask): Promise<void> {
  const { surface, steps, alpha, readout, dir, port } = task;
  const report = (progress: Progress): void => port.postMessage(progress);
  await startBackend('wasm');
  const images = await goodImages(task, report);
  const options = { ...DEFAULT_LEARNING, steps, alpha, readout };
  const model = await learnModel(surface, images, options, { onProgress: report });
  await writeBundle(dir, model.manifest, model.tensors);
  port.close();
}

/** As the camera would send them: through JPEG, so that its traces are learned as good. */
async function goodImages(
  { surface, seed, images }: TrainTask,
  report: (progress: Progress) => void,
): Promise<GoodImage[]> {
  const out: GoodImage[] = [];
  for (let n = 0; n < images; n++) {
    const jpeg = await encodeImage(renderGood(surface, seed, FIRST_IMAGE + n), 'jpeg');
    out.push({ name: `${surface}-${n}.jpg`, pixels: await decodeImage(jpeg, { kind: 'encoded' }) });
    report({ phase: 'read', done: n + 1, total: images });
  }
  return out;
}
