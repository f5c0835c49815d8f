/**
 * The directory that `patchline setup tensorflow` makes: TensorFlow's library, tfjs-node's addon
 * built against it and the kernels that call it, and a marker that tells what it is.
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { PatchlineError, systemCode } from '../../errors.js';

/** Written last, so that without it nothing is whole. */
export const MARKER = 'installation.json';
export const LIBRARY = 'lib/libtensorflow_cc.so.2';
export const FRAMEWORK_LIBRARY = 'lib/libtensorflow_framework.so.2';
export const ADDON = 'addon/tfjs_binding.node';
/** tfjs-node's JavaScript. */
export const KERNELS = 'tfjs-node';

const FORMAT = 'patchline-tensorflow';
/** Raised when an installation of an earlier Patchline no longer does. */
const VERSION = 1;

const markerSchema = z.object({
  format: z.literal(FORMAT),
  version: z.number().int(),
  tensorflow: z.string(),
  device: z.enum(['cpu', 'gpu']),
  /** Whether NVIDIA's libraries came with it; otherwise those of the system are used. */
  cuda: z.boolean(),
  /** By path within the directory. */
  files: z.record(z.string(), z.object({ bytes: z.number().int(), sha256: z.string() })),
});

export type Installation = z.infer<typeof markerSchema>;

export function newInstallation(facts: Omit<Installation, 'format' | 'version'>): Installation {
  return { format: FORMAT, version: VERSION, ...facts };
}

/** Where it is put and looked for: `PATCHLINE_TENSORFLOW_DIR`, else below the user's cache. */
export function installationDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const cache = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return environment.PATCHLINE_TENSORFLOW_DIR || join(cache, 'patchline', 'tensorflow');
}

const AGAIN = 'run patchline setup tensorflow';

/** What is installed in `dir`; `undefined` if nothing is. @throws PL_BACKEND if it is unreadable */
export function readInstallation(dir: string): Installation | undefined {
  let text: string;
  try {
    text = readFileSync(join(dir, MARKER), 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
  const marker = markerSchema.safeParse(parsed(text));
  if (marker.success) return marker.data;
  throw new PatchlineError('PL_BACKEND', `${join(dir, MARKER)} is damaged`, { hint: AGAIN });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The installation, for running it. Sizes are compared and not digests: a library that was cut
 * short would end the process without a word, and hashing a gigabyte at each start takes seconds.
 *
 * @throws PL_BACKEND if there is none, or it is of another Patchline, or a file is damaged
 */
export function usableInstallation(dir: string): Installation {
  const installation = readInstallation(dir);
  if (installation === undefined) {
    throw new PatchlineError('PL_BACKEND', `TensorFlow is not installed in ${dir}`, {
      hint: `${AGAIN} once; PATCHLINE_TENSORFLOW_DIR names another place`,
    });
  }
  assertCurrent(dir, installation);
  for (const [file, { bytes }] of Object.entries(installation.files)) {
    const actual = statSync(join(dir, file), { throwIfNoEntry: false })?.size;
    if (actual === bytes) continue;
    const state = actual === undefined ? 'is missing' : `has ${actual} bytes instead of ${bytes}`;
    throw new PatchlineError('PL_BACKEND', `${join(dir, file)} ${state}`, { hint: AGAIN });
  }
  return installation;
}

function assertCurrent(dir: string, { version }: Installation): void {
  if (version === VERSION) return;
  throw new PatchlineError(
    'PL_BACKEND',
    `TensorFlow in ${dir} was set up by another version of Patchline`,
    { hint: AGAIN },
  );
}
