import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, parse, resolve } from 'node:path';
import { PatchlineError, systemCode } from '../errors.js';

/** Suffixes that count as images, lower case. */
export const IMAGE_SUFFIXES = ['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff'] as const;

const ADVICE = 'Give a folder of good images, or a dataset with train/good in it.';

export interface TestImage {
  readonly path: string;
  /** Folder below `test`: `good` or the kind of defect. */
  readonly kind: string;
  readonly good: boolean;
  /** The mask of a defect; a defective image without one counts for the image metrics only. */
  readonly maskPath?: string;
}

/** The files of a dataset; every list is in the order of the names (by code unit). */
export interface Dataset {
  /** Last part of the path. */
  readonly name: string;
  readonly layout: 'mvtec' | 'folder';
  /** Good images to learn from, at least one. */
  readonly trainGood: readonly string[];
  /** Empty for a plain folder. */
  readonly test: readonly TestImage[];
}

/**
 * Lists the images of a dataset; opens none of them. Hidden files, and files without a suffix of
 * `IMAGE_SUFFIXES` (in any case), are passed over.
 *
 * - `mvtec`, where `train` or `test` is in the folder: `train/good`, `test/good`, `test/<defect>`
 *   and `ground_truth/<defect>/<name>_mask.png`; `test` may be missing.
 * - `folder`, anything else: good images in the folder and in the folders right below it (one a day,
 *   one a camera). A folder that holds `good` beside others is refused: the others are then hardly
 *   good.
 *
 * @throws PatchlineError PL_DATASET (usage) if the path is missing, not a folder, or without good
 *   images to learn from.
 */
export async function openDataset(path: string): Promise<Dataset> {
  const top = await list(path);
  const name = basename(resolve(path));
  const hasTest = top.folders.includes('test');
  if (!hasTest && !top.folders.includes('train')) {
    return { name, layout: 'folder', trainGood: await plainImages(path, top), test: [] };
  }
  const trainGood = await trainImages(path);
  return { name, layout: 'mvtec', trainGood, test: hasTest ? await testImages(path) : [] };
}

async function trainImages(path: string): Promise<string[]> {
  const good = join(path, 'train', 'good');
  const hint = `Put the good images to learn from into ${good}, or give a folder of good images.`;
  const { images } = await list(good, hint);
  if (images.length === 0) throw noImages(good, hint);
  return images;
}

async function testImages(path: string): Promise<TestImage[]> {
  const { folders: kinds } = await list(join(path, 'test'));
  const tests = kinds.map(async (kind): Promise<TestImage[]> => {
    const { images } = await list(join(path, 'test', kind));
    if (kind === 'good') return images.map((image) => ({ path: image, kind, good: true }));
    const masks = await masksOf(join(path, 'ground_truth', kind));
    return images.map((image) => {
      const maskPath = masks.get(parse(image).name);
      return { path: image, kind, good: false, ...(maskPath === undefined ? {} : { maskPath }) };
    });
  });
  return (await Promise.all(tests)).flat();
}

/** The masks in a folder, by the name of their image. No folder, no masks. */
async function masksOf(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw unreadable(folder, error);
  });
  const suffix = '_mask.png';
  const masks = names.filter((name) => name.endsWith(suffix) && !name.startsWith('.'));
  return new Map(masks.map((name) => [name.slice(0, -suffix.length), join(folder, name)]));
}

async function plainImages(path: string, top: Listing): Promise<string[]> {
  const below = await Promise.all(
    top.folders.map(async (folder) => ({ folder, ...(await list(join(path, folder))) })),
  );
  const filled = below.filter(({ images }) => images.length > 0).map(({ folder }) => folder);
  if (filled.includes('good') && (filled.length > 1 || top.images.length > 0)) {
    const others = filled.filter((folder) => folder !== 'good');
    throw usage(`${path} holds ${others.length > 0 ? others.join(', ') : 'images'} beside good`, {
      hint: `To learn from the good images alone give ${join(path, 'good')}.`,
    });
  }
  const images = [...top.images, ...below.flatMap(({ images }) => images)];
  if (images.length > 0) return images;
  throw noImages(path, ADVICE);
}

interface Listing {
  /** Names of the folders, sorted. */
  readonly folders: string[];
  /** Paths of the images, sorted by name. */
  readonly images: string[];
}

async function list(folder: string, hint = ADVICE): Promise<Listing> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error, hint);
  });
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  visible.sort((a, b) => (a.name < b.name ? -1 : 1)); // not by locale: the same on every machine
  const isFolder = await Promise.all(visible.map((entry) => leadsToFolder(folder, entry)));
  return {
    folders: visible.filter((_, i) => isFolder[i]).map(({ name }) => name),
    images: visible
      .filter(({ name }, i) => !isFolder[i] && isImage(name))
      .map(({ name }) => join(folder, name)),
  };
}

/** Links are followed; a link that leads nowhere passes for a file and fails when it is opened. */
async function leadsToFolder(parent: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(join(parent, entry.name)).catch(() => undefined);
  return target?.isDirectory() ?? false;
}

function isImage(name: string): boolean {
  const suffix = extname(name).toLowerCase();
  return IMAGE_SUFFIXES.some((known) => known === suffix);
}

function noImages(folder: string, hint: string): PatchlineError {
  return usage(`${folder} has no images (${IMAGE_SUFFIXES.join(' ')})`, { hint });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'is not a folder',
  EACCES: 'may not be read by this user',
};

function unreadable(folder: string, cause: unknown, hint = ADVICE): PatchlineError {
  const code = systemCode(cause) ?? String(cause);
  return usage(`${folder} ${REASONS[code] ?? `cannot be read (${code})`}`, { hint, cause });
}

function usage(message: string, details: { hint: string; cause?: unknown }): PatchlineError {
  return new PatchlineError('PL_DATASET', message, { disposition: 'usage', ...details });
}
