import { readFile, stat } from 'node:fs/promises';
import { type ErrorCode, PatchlineError, systemCode } from '../errors.js';

/** Above what an image of the largest size takes without compression. */
const MAX_BYTES = 2 ** 28;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
};

/**
 * The bytes of an image file. Throws, naming the file and rejecting it alone, PL_IMAGE_UNREADABLE
 * (missing, a directory, no permission, empty) or PL_IMAGE_TOO_LARGE.
 */
export async function readImageFile(
  path: string,
  { maxBytes = MAX_BYTES }: { readonly maxBytes?: number } = {},
): Promise<Uint8Array> {
  const stats = await stat(path).catch((error: unknown) => Promise.reject(failed(path, error)));
  if (stats.isDirectory()) throw unreadable(`${path} is a directory, not an image`);
  // Neither a pipe, which would wait, nor a device, which may never end.
  if (!stats.isFile()) throw unreadable(`${path} is not a file`);
  if (stats.size === 0) throw unreadable(`${path} is empty (0 bytes)`);
  if (stats.size > maxBytes) {
    throw refused(
      'PL_IMAGE_TOO_LARGE',
      `${path} has ${stats.size} bytes; the limit is ${maxBytes}`,
    );
  }
  return readFile(path).catch((error: unknown) => Promise.reject(failed(path, error)));
}

function failed(path: string, error: unknown): PatchlineError {
  const reason = REASONS[systemCode(error) ?? ''] ?? `cannot be read: ${String(error)}`;
  return unreadable(`${path} ${reason}`, error);
}

function unreadable(message: string, cause?: unknown): PatchlineError {
  return refused('PL_IMAGE_UNREADABLE', message, cause);
}

function refused(code: ErrorCode, message: string, cause?: unknown): PatchlineError {
  const hint = 'Check the path, and replace or take away the file.';
  return new PatchlineError(code, message, { disposition: 'reject', hint, cause });
}
