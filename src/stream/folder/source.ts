/** Frames from a folder: each image is a frame, each subfolder a camera. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../../deferred.js';
import { asPatchlineError, PatchlineError, systemCode } from '../../errors.js';
import { IMAGE_SUFFIXES } from '../../evaluate/dataset.js';
import type { Frame, Outcome } from '../../frame/frame.js';
import { readImageFile } from '../../frame/read.js';
import type { Admit, FrameSource } from '../ports.js';

export interface FolderSourceOptions {
  /** Goes on looking for new images instead of ending after those that are there. */
  readonly watch?: boolean;
  /** How often a watched folder is looked at, ms. Default 500: a new image waits 0.5 to 1 s. */
  readonly pollMs?: number;
  /** Delivers all images this many times, each time under other ids: for measurements. Default 1. */
  readonly rounds?: number;
}

/**
 * Delivers the images of a folder and its direct subfolders, sorted by path. The camera is the
 * subfolder's name, or the folder's for the images in it. A frame's id is its path within the
 * folder, so a second run gives the same ids. A file that cannot be read is a frame with a problem:
 * it is rejected, and the line goes on.
 */
export class FolderSource implements FrameSource {
  readonly name: string;
  readonly #folder: string;
  readonly #options: FolderSourceOptions;
  readonly #finished = deferred();
  readonly #outstanding = new Set<Promise<unknown>>();
  readonly #halt = new AbortController();
  #delivering: Promise<void> = Promise.resolve();

  constructor(folder: string, options: FolderSourceOptions = {}) {
    this.#folder = resolve(folder);
    this.#options = options;
    this.name = `folder ${folder}`;
    this.#finished.promise.catch(() => {});
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** @throws PL_SOURCE if the folder cannot be read, or is empty and not watched */
  async start(admit: Admit): Promise<void> {
    const { watch = false, rounds = 1 } = this.#options;
    const images = await listImages(this.#folder);
    if (images.length === 0 && !watch) {
      throw new PatchlineError('PL_SOURCE', `${this.#folder} holds no images`, {
        disposition: 'usage',
        hint: `put ${IMAGE_SUFFIXES.join(' ')} files there, or wait for them with --watch`,
      });
    }
    const delivering = watch ? this.#watch(admit) : this.#deliver(images, rounds, admit);
    this.#delivering = delivering.then(this.#finished.resolve, (error: unknown) => {
      if (this.#halt.signal.aborted) this.#finished.resolve();
      else this.#finished.reject(asPatchlineError(error, 'PL_SOURCE'));
    });
  }

  async stop(): Promise<void> {
    this.#halt.abort();
    await this.#delivering;
    await Promise.allSettled(this.#outstanding);
  }

  async #deliver(images: readonly string[], rounds: number, admit: Admit): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      for (const path of images) await this.#deliverOne(path, round, admit);
    }
  }

  /** A file is delivered once, when it has not changed since the last look: then it is whole. */
  async #watch(admit: Admit): Promise<void> {
    const { pollMs = 500 } = this.#options;
    let last = new Map<string, string>(); // path → version, or DELIVERED
    for (;;) {
      const now = new Map<string, string>();
      for (const path of await listImages(this.#folder)) {
        const before = last.get(path);
        const version = before === DELIVERED ? DELIVERED : await versionOf(path);
        const isWhole = version === before && version !== DELIVERED;
        if (isWhole) await this.#deliverOne(path, 0, admit);
        now.set(path, isWhole ? DELIVERED : version);
      }
      last = now;
      await sleep(pollMs, undefined, { signal: this.#halt.signal });
    }
  }

  async #deliverOne(path: string, round: number, admit: Admit): Promise<void> {
    this.#halt.signal.throwIfAborted();
    const { settled } = await admit(await this.#frame(path, round));
    const done: Promise<Outcome | undefined> = settled
      .catch(() => undefined) // the pipeline reports it
      .finally(() => this.#outstanding.delete(done));
    this.#outstanding.add(done);
  }

  async #frame(path: string, round: number): Promise<Frame> {
    const inside = relative(this.#folder, path).split(sep);
    const place = inside.join('/');
    const frame = {
      id: round === 0 ? place : `${place}#${round}`,
      camera: inside.length > 1 ? inside[0] : basename(this.#folder),
      encoding: { kind: 'encoded' },
      origin: { topic: basename(this.#folder), partition: -1, offset: place },
    } as const;
    try {
      const bytes = await readImageFile(path);
      const { mtimeMs } = await stat(path);
      return { ...frame, capturedAt: mtimeMs, bytes };
    } catch (error) {
      const { code, message } = asPatchlineError(error, 'PL_IMAGE_UNREADABLE');
      const bytes = new Uint8Array();
      return { ...frame, capturedAt: Date.now(), bytes, problem: { code, message } };
    }
  }
}

const DELIVERED = 'delivered';

/** Changes when the file does. */
async function versionOf(path: string): Promise<string> {
  return stat(path).then(
    ({ size, mtimeMs }) => `${size} ${mtimeMs}`,
    () => 'unreadable',
  );
}

/** The images in a folder and right below it. Nothing hidden; links to folders are not followed. */
async function listImages(folder: string): Promise<string[]> {
  const here = await readdir(folder, { withFileTypes: true }).catch(unreadable(folder));
  const images = imagesOf(folder, here);
  for (const { name } of here.filter((entry) => entry.isDirectory() && !isHidden(entry.name))) {
    const path = join(folder, name);
    const below = await readdir(path, { withFileTypes: true }).catch((error: unknown) =>
      systemCode(error) === 'ENOENT' ? [] : unreadable(path)(error),
    );
    images.push(...imagesOf(path, below));
  }
  return images.sort();
}

function imagesOf(folder: string, entries: readonly Dirent[]): string[] {
  const images = entries.filter((entry) => !entry.isDirectory() && isImage(entry.name));
  return images.map(({ name }) => join(folder, name));
}

function isImage(name: string): boolean {
  const suffix = extname(name).toLowerCase();
  return !isHidden(name) && IMAGE_SUFFIXES.some((known) => known === suffix);
}

function isHidden(name: string): boolean {
  return name.startsWith('.');
}

function unreadable(folder: string): (error: unknown) => never {
  return (error) => {
    throw new PatchlineError(
      'PL_SOURCE',
      `${folder} cannot be read: ${systemCode(error) ?? error}`,
      {
        disposition: 'usage',
        hint: 'give the folder that the camera writes its images to',
        cause: error,
      },
    );
  };
}
