/**
 * Writes a model directory whole or not at all: into a hidden directory beside it, flushed to the
 * disk, then renamed into place. Whatever fails, the model that was there before stays.
 */
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PatchlineError, systemCode } from '../errors.js';
import { FORMAT } from './manifest.js';
import { cleanUpScratch, discard, releaseScratch, reserveScratch, swap } from './scratch.js';

/** What tells a model directory from any other. */
export const MANIFEST_FILE = 'model.json';

/** The digest of the manifest, which cannot hold its own. */
export const DIGEST_FILE = 'model.json.sha256';

/**
 * Makes `dir` a directory of these files. It may be missing, empty, or hold a model and nothing
 * else: more than that would be lost, so it is refused. A symbolic link is followed.
 *
 * @throws PL_WRITE naming the file, why, and what to do; of disposition `usage` if `dir` holds
 *   something else than a model
 */
export async function writeDirectoryAtomically(
  dir: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const target = await realpath(dir).catch(() => resolve(dir));
  const scratch = reserveScratch(target);
  try {
    await attempt(target, async () => {
      await mkdir(dirname(target), { recursive: true });
      await cleanUpScratch(target);
    });
    await assertReplaceable(target);
    await attempt(target, () => mkdir(scratch.fresh));
    for (const [name, bytes] of files) {
      const path = join(scratch.fresh, name);
      await attempt(join(target, name), () => writeFile(path, bytes, { flush: true }));
    }
    await attempt(target, () => swap(target, scratch));
  } finally {
    await discard(scratch.fresh); // nothing there if all went well
    releaseScratch(scratch);
  }
}

/**
 * Whether a model may be written to `dir`; worth asking before a long training.
 *
 * @throws PL_WRITE of disposition `usage` if `dir` is neither missing, nor empty, nor just a model
 */
export async function assertReplaceable(dir: string): Promise<void> {
  const entries = await attempt(dir, () => entriesOf(dir));
  if (entries.length === 0) return;
  const own = await modelFiles(dir);
  const foreign = entries.filter((entry) => !own.has(entry));
  if (foreign.length === 0) return;
  const what =
    own.size === 0 ? 'is not a Patchline model' : 'is a model but holds other files, too';
  const more = foreign.length > 3 ? ' …' : '';
  throw new PatchlineError(
    'PL_WRITE',
    `${dir} ${what}: ${foreign.slice(0, 3).join(', ')}${more} would be lost`,
    { disposition: 'usage', hint: 'Give a new or empty directory, or move these files away.' },
  );
}

async function entriesOf(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The files that belong to the model in a directory; none if there is no model. */
async function modelFiles(dir: string): Promise<Set<string>> {
  try {
    const { format, files } = JSON.parse(await readFile(join(dir, MANIFEST_FILE), 'utf8'));
    return new Set(format === FORMAT ? [MANIFEST_FILE, DIGEST_FILE, ...Object.keys(files)] : []);
  } catch {
    return new Set();
  }
}

const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space, or choose a directory on another disk.'],
  EDQUOT: ['your share of the disk is used up', 'Free some space, or choose another disk.'],
  EACCES: ['permission denied', 'Choose a directory that you may write, or change its rights.'],
  EPERM: ['permission denied', 'Choose a directory that you may write, or change its rights.'],
  EROFS: ['the file system is read-only', 'Choose a directory on another disk.'],
  ENOTDIR: ['it, or what should hold it, is a file', 'Choose another directory.'],
  EEXIST: ['what should hold it is a file', 'Choose another directory.'],
  EBUSY: ['it is a mount point', 'Choose a directory within the mounted one.'],
  EXDEV: ['it is a mount point', 'Choose a directory within the mounted one.'],
};

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = systemCode(cause);
    const [why, hint] = REASONS[code ?? ''] ?? [String(cause), 'Choose another directory.'];
    throw new PatchlineError('PL_WRITE', `cannot write ${path}: ${why} (${code})`, { hint, cause });
  }
}
