/**
 * The hidden directories that lie beside a directory while it is written anew: `fresh`, where the
 * new one grows, and `old`, where the one before waits until the new one is in place. Their names
 * tell who writes, so that what a killed process left behind is told from what is being written.
 */
import { randomBytes } from 'node:crypto';
import { access, open, readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../errors.js';

export interface Scratch {
  readonly fresh: string;
  readonly old: string;
}

/** `.screw.patchline-` + kind, host, process, random. */
const NAME = /^(fresh|old)-(.+)-(\d+)-([0-9a-f]{8})$/;

/** Scratch directories that this process is writing. */
const inUse = new Set<string>();

export function reserveScratch(target: string): Scratch {
  const owner = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const scratch = {
    fresh: join(dirname(target), `${prefixOf(target)}fresh-${owner}`),
    old: join(dirname(target), `${prefixOf(target)}old-${owner}`),
  };
  inUse.add(scratch.fresh).add(scratch.old);
  return scratch;
}

export function releaseScratch({ fresh, old }: Scratch): void {
  inUse.delete(fresh);
  inUse.delete(old);
}

/** Puts the fresh directory in the target's place, and the old one back if that fails. */
export async function swap(target: string, { fresh, old }: Scratch): Promise<void> {
  await flushDirectory(fresh);
  const replaces = await renameIfThere(target, old);
  try {
    await rename(fresh, target);
  } catch (error) {
    if (replaces) await rename(old, target);
    throw error;
  }
  await flushDirectory(dirname(target));
  await discard(old);
}

/** Removes a scratch directory: now or, if that fails, before the next write. */
export async function discard(scratch: string): Promise<void> {
  await rm(scratch, { recursive: true, force: true }).catch(() => {});
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Names survive a power cut only when their directory is flushed, too. Windows has no such call. */
async function flushDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dir);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Removes what killed processes of this machine left beside the target. One that was killed just
 * between the two renames has left the model itself in `old`: it is put back.
 */
export async function cleanUpScratch(target: string): Promise<void> {
  const prefix = prefixOf(target);
  for (const entry of await readdir(dirname(target))) {
    if (!entry.startsWith(prefix)) continue;
    const path = join(dirname(target), entry);
    const [, kind, host, pid] = NAME.exec(entry.slice(prefix.length)) ?? [];
    if (kind === undefined || isAlive(path, host, Number(pid))) continue;
    if (kind === 'old' && !(await exists(target))) await rename(path, target);
    else await rm(path, { recursive: true, force: true });
  }
}

function prefixOf(target: string): string {
  return `.${basename(target)}.patchline-`;
}

/** Of another machine nothing is known, so its writers count as alive. */
function isAlive(path: string, host: string, pid: number): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return inUse.has(path); // a container's process has the same id each time
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
