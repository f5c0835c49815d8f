/** Trains a model for each camera of the synthetic line, side by side. */
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { asPatchlineError } from '../errors.js';
import { DEFAULT_READOUT, type Progress, type Readout } from '../learn/options.js';
import { type Bundle, readBundle } from '../model/bundle.js';
import type { LineCamera } from '../stream/line/source.js';
import type { SurfaceName } from '../stream/line/surface.js';
import type { TrainTask } from './train-thread.js';

export interface DemoTrainingOptions {
  /** Where the models are written, one folder a camera. */
  readonly dir: string;
  readonly images: number;
  readonly steps: number;
  readonly alpha: number;
  readonly onProgress: (camera: string, progress: Progress) => void;
  readonly signal: AbortSignal;
}

/** Good images a model learns from: enough held-out ones for a false-alarm rate of 3 %. */
export const LINE_TRAINING = { images: 240, alpha: 0.03 } as const;

/**
 * The printed carton lies the same way in each frame, so each place has a density of its own (an
 * "aligned object", CutPaste A.5): only that shows missing print. The others are textures.
 */
const READOUTS: Readonly<Record<SurfaceName, Readout>> = {
  metal: DEFAULT_READOUT,
  fabric: DEFAULT_READOUT,
  carton: {
    ...DEFAULT_READOUT,
    density: 'location',
    views: ['rf8', 'rf16', 'rf32', 'stat8', 'stat16'],
  },
};

/** → the model of each camera. Rejects with the signal's reason when aborted. */
export async function trainCameras(
  cameras: readonly LineCamera[],
  options: DemoTrainingOptions,
): Promise<Map<string, Bundle>> {
  const pool = new Piscina<TrainTask, void>({
    filename: new URL('./train-thread.js', import.meta.url).href,
    minThreads: cameras.length,
    maxThreads: cameras.length,
    atomics: 'disabled', // sharp works in the background of the thread
  });
  try {
    const trained = cameras.map(async ({ id, surface, seed }) => {
      const { dir, images, steps, alpha, onProgress, signal } = options;
      const { port1, port2 } = new MessageChannel();
      port1.on('message', (progress: Progress) => onProgress(id, progress));
      port1.unref();
      const task: TrainTask = {
        surface,
        seed,
        images,
        steps,
        alpha,
        readout: READOUTS[surface],
        dir: join(dir, id),
        port: port2,
      };
      await pool.run(task, { name: 'train', transferList: [port2], signal });
      return [id, await readBundle(task.dir)] as const;
    });
    return new Map(await Promise.all(trained));
  } catch (error) {
    options.signal.throwIfAborted(); // the reason of the stop, not the pool's word for it
    throw asPatchlineError(error);
  } finally {
    await pool.destroy();
  }
}
