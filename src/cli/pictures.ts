/** Overlays and maps as files. */
import { join } from 'node:path';
import { type JudgedFrame, scaleRegion } from '../detect/judge.js';
import { writeFileAtomically } from '../files.js';
import { encodeMap, encodeOverlay } from '../localize/encode.js';
import { renderOverlay } from '../localize/overlay.js';
import type { Calibration } from '../model/manifest.js';

/** A frame that was judged by its places. */
export type LocatedFrame = JudgedFrame & Required<Pick<JudgedFrame, 'grid' | 'map'>>;

export function isLocated(frame: JudgedFrame): frame is LocatedFrame {
  return frame.grid !== undefined && frame.map !== undefined;
}

/** @returns the path of the picture */
export async function writeOverlay(
  dir: string,
  name: string,
  { pixels, size, map, regions, verdict }: LocatedFrame,
  { threshold, quiet }: Calibration,
): Promise<string> {
  const boxes = regions.map((region) => scaleRegion(region, size, pixels));
  const overlay = renderOverlay(pixels, map, threshold, boxes, verdict, quiet);
  const path = join(dir, `${name}.jpg`);
  await writeFileAtomically(path, await encodeOverlay(overlay));
  return path;
}

/** The PNG, and what its samples and places mean. @returns the path of the PNG */
export async function writeMap(
  dir: string,
  name: string,
  { grid, size, pixels }: LocatedFrame,
  model: string,
): Promise<string> {
  const { png, scaleMin, scaleMax } = await encodeMap(grid);
  const { rows, cols, stride, offset } = grid;
  const input = { width: pixels.width, height: pixels.height };
  const about = { rows, cols, stride, offset, scaleMin, scaleMax, input, frame: size, model };
  const path = join(dir, `${name}.png`);
  await writeFileAtomically(path, png);
  await writeFileAtomically(join(dir, `${name}.json`), `${JSON.stringify(about, null, 2)}\n`);
  return path;
}
