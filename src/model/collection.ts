import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PatchlineError } from '../errors.js';
import { type Bundle, readBundle } from './bundle.js';

/** A folder of this name holds the model of all cameras that have none of their own. */
const FALLBACK = 'default';

export interface Collection {
  readonly byCamera: ReadonlyMap<string, Bundle>;
  readonly fallback: Bundle | undefined;
}

/**
 * Reads a folder of models: each subfolder is a model, named by its camera.
 *
 * @throws PL_BUNDLE_MISSING (usage) if there is none; what `readBundle` throws for each model
 */
export async function readCollection(dir: string): Promise<Collection> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((cause: unknown) => {
    throw missing(`${dir} cannot be read`, cause);
  });
  const names = entries.filter(isModelFolder).map((entry) => entry.name);
  if (names.length === 0) throw missing(`${dir} holds no models`);
  const byCamera = new Map<string, Bundle>();
  for (const name of names.sort()) byCamera.set(name, await readBundle(join(dir, name)));
  const fallback = byCamera.get(FALLBACK);
  byCamera.delete(FALLBACK);
  return { byCamera, fallback };
}

/** `.…` are hidden or being written, `….partial` are unfinished trainings. */
function isModelFolder(entry: Dirent): boolean {
  const { name } = entry;
  return entry.isDirectory() && !name.startsWith('.') && !name.endsWith('.partial');
}

function missing(message: string, cause?: unknown): PatchlineError {
  return new PatchlineError('PL_BUNDLE_MISSING', message, {
    disposition: 'usage',
    hint: `give a folder with a model for each camera, and one called ${FALLBACK} for the others`,
    cause,
  });
}
