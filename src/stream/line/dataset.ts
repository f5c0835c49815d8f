import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PatchlineError } from '../../errors.js';
import { DEFECT_KINDS } from './defect.js';
import { encodeImage, encodeMask, type ImageFormat } from './encode.js';
import { damagedFrame } from './line.js';
import { renderGood, type SurfaceName } from './surface.js';

export interface LineDatasetOptions {
  readonly surfaces: readonly SurfaceName[];
  /** Good images to learn from, of each surface. */
  readonly train: number;
  readonly testGood: number;
  /** Images with each kind of defect. */
  readonly testPerDefect: number;
  readonly seed: number;
  /** Default `png`. Take `jpeg` to learn from just what `LineSource` sends. */
  readonly format?: ImageFormat;
}

/**
 * Writes the layout of MVTec AD: `<surface>/train/good`, `<surface>/test/<good or defect>`, and
 * `<surface>/ground_truth/<defect>/<name>_mask.png`. No part appears twice.
 *
 * @throws PatchlineError `PL_WRITE` if a file cannot be written.
 */
export async function writeDataset(dir: string, options: LineDatasetOptions): Promise<void> {
  for (const surface of options.surfaces) await writeSurface(join(dir, surface), surface, options);
}

async function writeSurface(
  dir: string,
  surface: SurfaceName,
  options: LineDatasetOptions,
): Promise<void> {
  const { train, testGood, testPerDefect, seed, format = 'png' } = options;
  const extension = format === 'jpeg' ? 'jpg' : 'png';
  let index = 0;

  const writeGood = async (folder: string, count: number) => {
    for (let n = 0; n < count; n++) {
      const bytes = await encodeImage(renderGood(surface, seed, index++), format);
      await write(join(dir, folder), `${serial(n)}.${extension}`, bytes);
    }
  };
  await writeGood('train/good', train);
  await writeGood('test/good', testGood);
  for (const kind of DEFECT_KINDS) {
    for (let n = 0; n < testPerDefect; n++) {
      const { pixels, mask } = damagedFrame(surface, seed, index++, kind);
      const image = await encodeImage(pixels, format);
      const truth = await encodeMask(mask, pixels.width);
      await write(join(dir, 'test', kind), `${serial(n)}.${extension}`, image);
      await write(join(dir, 'ground_truth', kind), `${serial(n)}_mask.png`, truth);
    }
  }
}

function serial(n: number): string {
  return String(n).padStart(3, '0');
}

async function write(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, name), bytes);
  } catch (cause) {
    throw new PatchlineError('PL_WRITE', `Cannot write ${join(dir, name)}`, {
      hint: 'Check that the folder is writable and that the disk has room.',
      cause,
    });
  }
}
