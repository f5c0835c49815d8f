/** Unpacking wheels, which are zip files of up to half a gigabyte: entry by entry, as streams. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise, type ZipFile } from 'yauzl';
import { PatchlineError, systemCode } from '../errors.js';

/**
 * Unpacks the entries that `place` gives a place in `dir`.
 *
 * @param place name of an entry → path relative to `dir`; `undefined` leaves it out
 * @returns how many were unpacked
 * @throws PL_SETUP if it is no whole zip file, or an entry would land outside `dir`
 */
export async function unzip(
  file: string,
  dir: string,
  place: (name: string) => string | undefined,
  signal?: AbortSignal,
): Promise<number> {
  let count = 0;
  try {
    const zip = await openPromise(file, { autoClose: false });
    try {
      for await (const { name, to } of placed(zip, place)) {
        const target = within(dir, to);
        await mkdir(dirname(target), { recursive: true });
        const content = await zip.openReadStreamPromise(name);
        await pipeline(content, createWriteStream(target), signal ? { signal } : {});
        count++;
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw unreadable(file, error);
  }
  return count;
}

async function* placed(zip: ZipFile, place: (name: string) => string | undefined) {
  for await (const entry of zip.eachEntry()) {
    const to = entry.fileName.endsWith('/') ? undefined : place(entry.fileName);
    if (to !== undefined) yield { name: entry, to };
  }
}

/** yauzl refuses such names of entries; this holds whatever `place` makes of them. */
function within(dir: string, relative: string): string {
  const path = normalize(relative);
  if (isAbsolute(path) || path.split(sep)[0] === '..') {
    throw new PatchlineError('PL_SETUP', `the entry '${relative}' would land outside ${dir}`);
  }
  return join(dir, path);
}

function unreadable(file: string, cause: unknown): PatchlineError {
  if (cause instanceof PatchlineError) return cause;
  const code = systemCode(cause);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new PatchlineError('PL_SETUP', `the disk is full while unpacking ${file}`, {
      hint: 'make room, or choose another disk with --dir',
      cause,
    });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PatchlineError('PL_SETUP', `cannot unpack ${file}: ${why}`, {
    hint: 'it is damaged or cut: fetch it anew',
    cause,
  });
}
