/** What is measured on: a model, and frames of the synthetic line as JPEG files. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainCameras } from '../demo/training.js';
import type { Pixels, Size } from '../frame/pixels.js';
import { resizePixels } from '../frame/resize.js';
import type { Progress } from '../learn/options.js';
import { type Bundle, readBundle } from '../model/bundle.js';
import { encodeImage } from '../stream/line/encode.js';
import { lineFrame } from '../stream/line/line.js';

export interface Workload {
  readonly bundle: Bundle;
  /** Its directory. */
  readonly model: string;
  /** A folder of JPEG files at the size of the model's input. */
  readonly folder: string;
  /** The same frames: as files, and decoded. */
  readonly jpegs: readonly Uint8Array[];
  readonly pixels: readonly Pixels[];
  /** Removes all of it from the disk. */
  remove(): Promise<void>;
}

/** Frames in the folder, an eighth of them with a defect. */
const FRAMES = 32;
const DEFECT_RATE = 0.12;
const SURFACE = 'metal';
const SEED = 7;

const FITTED = 'model';

/** Good images behind a model that is fitted on the spot. */
const GOOD_IMAGES = 40;

/**
 * @param model directory of a model; without one, the default network is fitted to the line's metal
 *   as it is (random weights): what a network costs does not depend on its weights
 */
export async function prepareWorkload(
  model: string | undefined,
  onFit: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Workload> {
  const dir = await mkdtemp(join(tmpdir(), 'patchline-bench-'));
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    const bundle =
      model === undefined ? await fitModel(dir, onFit, signal) : await readBundle(model);
    const pixels = await drawFrames(bundle.manifest.input);
    const jpegs = await Promise.all(pixels.map((frame) => encodeImage(frame, 'jpeg')));
    const folder = join(dir, SURFACE);
    await mkdir(folder);
    await Promise.all(
      jpegs.map((jpeg, n) => writeFile(join(folder, `${String(n).padStart(3, '0')}.jpg`), jpeg)),
    );
    return { bundle, model: model ?? join(dir, FITTED), folder, jpegs, pixels, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function fitModel(
  dir: string,
  onFit: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Bundle> {
  const camera = { id: FITTED, surface: SURFACE, seed: SEED } as const;
  const models = await trainCameras([camera], {
    dir,
    images: GOOD_IMAGES,
    steps: 0,
    alpha: 0.05,
    onProgress: (_, progress) => onFit(progress),
    signal,
  });
  return models.get(camera.id) as Bundle;
}

function drawFrames(size: Size): Promise<Pixels[]> {
  return Promise.all(
    Array.from({ length: FRAMES }, (_, index) => {
      const request = { surface: SURFACE, seed: SEED, index, defectRate: DEFECT_RATE } as const;
      return resizePixels(lineFrame(request).pixels, size);
    }),
  );
}
