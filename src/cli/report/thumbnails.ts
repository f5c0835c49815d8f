/** The pictures of a report, inside it: small, few, and of a bounded size together. */
import { basename } from 'node:path';
import { scaleRegion } from '../../detect/judge.js';
import type { Pixels } from '../../frame/pixels.js';
import { sharp } from '../../frame/sharp-setup.js';
import { renderOutline } from '../../localize/outline.js';
import { renderOverlay } from '../../localize/overlay.js';
import type { Calibration } from '../../model/manifest.js';
import { type Judged, judgedAgain } from '../eval-mistakes.js';
import type { TestRun } from '../eval-run.js';
import type { LocatedFrame } from '../pictures.js';
import type { Mistake, Mistakes } from './content.js';

/** Mistakes of each kind that are shown. */
const MAX_SHOWN = 12;
/** Longest side of a picture, pixels. */
const MAX_SIDE = 320;
/** Characters of the pictures of one kind of mistake: the report stays below 3 MB. */
const MAX_CHARACTERS = 1_400_000;

/** The worst mistakes, as many as fit. @param mistakes the worst first */
export async function mistakesWithPictures(
  mistakes: readonly Judged[],
  run: TestRun,
): Promise<Mistakes> {
  const shown: Mistake[] = [];
  let characters = 0;
  for await (const { image, frame } of judgedAgain(mistakes.slice(0, MAX_SHOWN), run)) {
    const mistake = await mistakeOf(image, frame, run.bundle.manifest.calibration);
    characters += mistake.picture.length + mistake.overlay.length;
    if (characters > MAX_CHARACTERS) break;
    shown.push(mistake);
  }
  return { count: mistakes.length, shown };
}

async function mistakeOf(
  { path, kind, good, score, mask }: Judged,
  { pixels, size, map, regions, verdict }: LocatedFrame,
  { threshold, quiet }: Calibration,
): Promise<Mistake> {
  const { width, height } = pixels;
  const boxes = regions.map((region) => scaleRegion(region, size, pixels));
  return {
    ...{ name: basename(path), kind, good, score, width, height },
    picture: await dataUrl(mask === undefined ? pixels : renderOutline(pixels, mask)),
    hasMask: mask !== undefined,
    overlay: await dataUrl(renderOverlay(pixels, map, threshold, boxes, verdict, quiet)),
  };
}

async function dataUrl({ width, height, data }: Pixels): Promise<string> {
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(MAX_SIDE, MAX_SIDE, { fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 80, chromaSubsampling: '4:4:4' })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
