/** The models of the line's cameras, for a worker of its own: learned where there are none yet. */
import { join } from 'node:path';
import { PatchlineError } from '../errors.js';
import { type Bundle, readBundle } from '../model/bundle.js';
import type { LineCamera } from '../stream/line/source.js';
import { type DemoTrainingOptions, LINE_TRAINING, trainCameras } from './training.js';

type LearnOptions = Pick<DemoTrainingOptions, 'dir' | 'steps' | 'onProgress' | 'signal'>;

/**
 * @returns those that were learned, by camera
 * @throws what `readBundle` says of a model that is there and damaged: it is not overwritten
 */
export async function learnMissing(
  cameras: readonly LineCamera[],
  options: LearnOptions,
): Promise<ReadonlyMap<string, Bundle>> {
  const known = await Promise.all(cameras.map(({ id }) => isThere(join(options.dir, id))));
  const missing = cameras.filter((_, i) => !known[i]);
  if (missing.length === 0) return new Map();
  return trainCameras(missing, { ...LINE_TRAINING, ...options });
}

async function isThere(dir: string): Promise<boolean> {
  try {
    await readBundle(dir);
    return true;
  } catch (error) {
    if (error instanceof PatchlineError && error.code === 'PL_BUNDLE_MISSING') return false;
    throw error;
  }
}
