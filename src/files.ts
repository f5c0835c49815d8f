/** Writing files so that a failure names the file and leaves nothing half-written. */
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PatchlineError, systemCode } from './errors.js';

/** Replaces the file in one step: a reader sees the old content or the new. @throws PL_WRITE */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array | string,
): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.draft`);
  try {
    await writeFile(draft, content);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw cannotWrite(path, cause);
  }
}

/** Makes a directory and all above it. @throws PL_WRITE */
export async function makeDirectory(path: string): Promise<void> {
  await makeWithParents(path).catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
}

/** Node's own `recursive` never returns for a path below /proc. */
async function makeWithParents(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeWithParents(dirname(path));
    await mkdir(path);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'nothing can be made there',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'there is a file of that name',
  EISDIR: 'it is a directory',
};

export function cannotWrite(path: string, cause: unknown): PatchlineError {
  const code = systemCode(cause);
  const reason = REASONS[code ?? ''] ?? String(cause);
  return new PatchlineError('PL_WRITE', `cannot write ${path}: ${reason}`, {
    hint: 'choose another place, or make room and rights there',
    cause,
  });
}
