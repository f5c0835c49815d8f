import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { png, surface, withDefect } from '../helpers/images.js';

/** Of one patch: the smallest that can be learned, and so the fastest. */
export const SIDE = 64;

const SIZE = { width: SIDE, height: SIDE };
const SPOT = { x: 24, y: 32, side: 16 };

/** 24 good images to learn from, 4 to test, 4 with a spot and its mask, in MVTec layout. */
export async function writeDataset(dir: string): Promise<void> {
  await writeAll(join(dir, 'train', 'good'), 24, (n) => png(surface(SIZE, n)));
  await writeAll(join(dir, 'test', 'good'), 4, (n) => png(surface(SIZE, 100 + n)));
  await writeAll(join(dir, 'test', 'spot'), 4, (n) =>
    png(withDefect(surface(SIZE, 200 + n), SPOT.x, SPOT.y)),
  );
  const mask = await spotMask();
  await writeAll(join(dir, 'ground_truth', 'spot'), 4, async () => mask, '_mask');
}

async function writeAll(
  dir: string,
  count: number,
  image: (n: number) => Promise<Uint8Array>,
  suffix = '',
): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (let n = 0; n < count; n++) {
    await writeFile(join(dir, `${String(n).padStart(3, '0')}${suffix}.png`), await image(n));
  }
}

function spotMask(): Promise<Uint8Array> {
  const data = Buffer.alloc(SIDE * SIDE);
  for (let y = SPOT.y; y < SPOT.y + SPOT.side; y++) {
    data.fill(255, y * SIDE + SPOT.x, y * SIDE + SPOT.x + SPOT.side);
  }
  return sharp(data, { raw: { ...SIZE, channels: 1 } })
    .png()
    .toBuffer();
}

/** SHA-256 of each file of a directory, by name. */
export async function digestsOf(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).sort();
  const entries = names.map(async (name) => {
    const bytes = await readFile(join(dir, name));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
