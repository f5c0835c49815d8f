/** The images that a command line names, one after the other and decoded ahead of their use. */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { DecodedFrame } from '../detect/judge.js';
import { PatchlineError } from '../errors.js';
import { IMAGE_SUFFIXES } from '../evaluate/dataset.js';
import { decodeForModel } from '../frame/decode.js';
import type { Size } from '../frame/pixels.js';
import { readImageFile } from '../frame/read.js';

/**
 * Files as they are named, folders as the images in them and below, in the order of their paths.
 * A file that does not exist stays in the list: it is reported when it is read.
 *
 * @throws PL_DATASET (usage) for a folder without images
 */
export async function listImages(operands: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    operands.map(async (path) => {
      const isFolder = await stat(path).then(
        (stats) => stats.isDirectory(),
        () => false,
      );
      return isFolder ? imagesBelow(path) : [path];
    }),
  );
  return lists.flat();
}

async function imagesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const images = entries
    .filter((entry) => !entry.isDirectory() && isImage(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (images.length > 0) return images;
  throw new PatchlineError('PL_DATASET', `${folder} has no images`, {
    disposition: 'usage',
    hint: `give images, or a folder of them (${IMAGE_SUFFIXES.join(' ')})`,
  });
}

function isImage(name: string): boolean {
  const suffix = extname(name).toLowerCase();
  return !name.startsWith('.') && IMAGE_SUFFIXES.some((known) => known === suffix);
}

/** @throws what `readImageFile` and `decodeForModel` throw, naming the file */
export async function decodeFile(path: string, input: Size): Promise<DecodedFrame> {
  const bytes = await readImageFile(path);
  return decodeForModel(bytes, { kind: 'encoded' }, input, { label: path });
}

/** What became of one item: its value, or why there is none. */
export interface Loaded<T, R> {
  readonly item: T;
  readonly result: PromiseSettledResult<R>;
}

/** Items that are being loaded while one is used. */
const AHEAD = 2;

/**
 * Loads items in their order and ahead of their use, so that the next image is decoded while this
 * one is judged. Lets the event loop breathe before each, so that a signal is seen.
 */
export async function* loadAhead<T, R>(
  items: readonly T[],
  load: (item: T) => Promise<R>,
): AsyncGenerator<Loaded<T, R>> {
  const settle = async (item: T): Promise<Loaded<T, R>> => {
    const [result] = await Promise.allSettled([load(item)]);
    return { item, result };
  };
  const waiting = items.slice(0, AHEAD).map(settle);
  for (let next = AHEAD; waiting.length > 0; next++) {
    if (next < items.length) waiting.push(settle(items[next]));
    await breathe();
    yield await (waiting.shift() as Promise<Loaded<T, R>>);
  }
}
