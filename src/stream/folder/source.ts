/** Frames from a folder: each image is a frame, each subfolder a camera. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deferred } from '../../deferred.js';
import { asPatchlineError, PatchlineError } from '../../errors.js';
import { IMAGE_SUFFIXES } from '../../evaluate/dataset.js';
import type { Frame, Outcome } from '../../frame/frame.js';
import { readImageFile } from '../../frame/read.js';
import type { Admit, FrameSource } from '../ports.js';

export interface FolderSourceOptions {
  /** Goes on looking for new images instead of ending after those that are there. */
  readonly watch?: boolean;
  /** How often a watched folder is looked at, ms. Default 500. */
  readonly pollMs?: number;
  /** Delivers all images this many times, each time under other ids: for measurements. Default 1. */
  readonly rounds?: number;
}

/** A file that is still growing is left for the next look. */
const SETTLE_MS = 200;

/**
 * Delivers the images of a folder and its direct subfolders, sorted by path. The camera is the
 * subfolder's name, or the folder's for the images in it. A frame's id is its path within the
 * folder, so a second run gives the same ids.
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
    const images = await listImages(this.#folder);
    if (images.length === 0 && this.#options.watch !== true) {
      throw new PatchlineError('PL_SOURCE', `${this.#folder} holds no images`, {
        disposition: 'usage',
        hint: `put ${IMAGE_SUFFIXES.join(' ')} files there, or wait for them with --watch`,
      });
    }
    this.#delivering = this.#deliver(images, admit).then(
      this.#finished.resolve,
      (error: unknown) => {
        if (this.#halt.signal.aborted) this.#finished.resolve();
        else this.#finished.reject(asPatchlineError(error, 'PL_SOURCE'));
      },
    );
  }

  async stop(): Promise<void> {
    this.#halt.abort();
    await this.#delivering;
    await Promise.allSettled(this.#outstanding);
  }

  async #deliver(first: readonly string[], admit: Admit): Promise<void> {
    const { rounds = 1, watch = false, pollMs = 500 } = this.#options;
    for (let round = 0; round < rounds; round++) {
      for (const path of first) await this.#deliverOne(path, round, admit);
    }
    const seen = new Set(first);
    while (watch) {
      await sleep(pollMs, undefined, { signal: this.#halt.signal });
      for (const path of await listImages(this.#folder)) {
        if (seen.has(path) || (await isGrowing(path))) continue;
        seen.add(path);
        await this.#deliverOne(path, 0, admit);
      }
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

  /** A file that cannot be read becomes an empty frame: it is rejected, and the line goes on. */
  async #frame(path: string, round: number): Promise<Frame> {
    const inside = relative(this.#folder, path).split(sep);
    const camera = inside.length > 1 ? inside[0] : basename(this.#folder);
    const id = inside.join('/');
    const bytes = await readImageFile(path).catch(() => new Uint8Array());
    return {
      id: round === 0 ? id : `${id}#${round}`,
      camera,
      capturedAt: await stat(path).then(
        (s) => s.mtimeMs,
        () => Date.now(),
      ),
      bytes,
      encoding: { kind: 'encoded' },
      origin: { topic: basename(this.#folder), partition: -1, offset: id },
    };
  }
}

async function listImages(folder: string): Promise<string[]> {
  const here = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new PatchlineError('PL_SOURCE', `${folder} cannot be read: ${String(error)}`, {
      disposition: 'usage',
      hint: 'give the folder that the camera writes its images to',
      cause: error,
    });
  });
  const files = here.filter((e) => !e.isDirectory()).map((e) => join(folder, e.name));
  for (const entry of here.filter((e) => e.isDirectory())) {
    const inner = await readdir(join(folder, entry.name), { withFileTypes: true });
    files.push(
      ...inner.filter((e) => !e.isDirectory()).map((e) => join(folder, entry.name, e.name)),
    );
  }
  return files.filter(isImage).sort();
}

function isImage(path: string): boolean {
  const name = basename(path).toLowerCase();
  return !name.startsWith('.') && IMAGE_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

async function isGrowing(path: string): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < SETTLE_MS,
    () => false,
  );
}
