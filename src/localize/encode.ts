/** Overlays as JPEG and score grids as 16-bit greyscale PNG. */
import sharp from 'sharp';
import { PatchlineError } from '../errors.js';
import type { ScoreGrid } from '../frame/frame.js';
import type { Pixels } from '../frame/pixels.js';

/** Largest sample of a 16-bit PNG. */
const FULL_SCALE = 65535;

/** The scores that the samples 0 and 65535 stand for. */
export interface MapScale {
  readonly scaleMin: number;
  readonly scaleMax: number;
}

export interface EncodedMap extends MapScale {
  readonly png: Buffer;
}

/** JPEG at full colour resolution: halved chroma smears the one-pixel lines of an overlay. */
export async function encodeOverlay({ width, height, data }: Pixels): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 85, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

/**
 * The scores as a 16-bit greyscale PNG of cols × rows samples:
 * sample = round((score − scaleMin) / (scaleMax − scaleMin) · 65535).
 *
 * @param scale scores outside it are clipped; default the range of the grid, so that nothing is.
 * @throws PatchlineError PL_NUMERIC (reject) if a score is not finite.
 */
export async function encodeMap(
  { rows, cols, scores }: ScoreGrid,
  scale: MapScale = rangeOf(scores),
): Promise<EncodedMap> {
  const { scaleMin, scaleMax } = scale;
  const perScore = scaleMax > scaleMin ? FULL_SCALE / (scaleMax - scaleMin) : 0;
  const samples = Uint16Array.from(scores, (score) => {
    if (!Number.isFinite(score)) throw notFinite(score);
    return Math.max(0, Math.min(FULL_SCALE, Math.round((score - scaleMin) * perScore)));
  });
  const png = await sharp(samples, { raw: { width: cols, height: rows, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  return { png, scaleMin, scaleMax };
}

/**
 * The scores of a PNG made by `encodeMap`, within half a quantum ((scaleMax − scaleMin) / 65535) of
 * those that went in.
 *
 * @returns `[rows, cols]`
 * @throws PatchlineError PL_IMAGE_UNREADABLE if it is not a 16-bit greyscale PNG of cols × rows.
 */
export async function decodeMap(
  png: Uint8Array,
  { rows, cols, scaleMin, scaleMax }: MapScale & { readonly rows: number; readonly cols: number },
): Promise<Float32Array> {
  const image = sharp(png);
  const { width, height, depth, channels } = await image.metadata().catch(unreadable);
  if (width !== cols || height !== rows || depth !== 'ushort' || channels !== 1) {
    const found = `${width} × ${height}, ${channels} channels of ${depth}`;
    unreadable(`expected ${cols} × ${rows}, 1 channel of ushort, got ${found}`);
  }
  const raw = await image
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer()
    .catch(unreadable);
  const samples = new Uint16Array(new Uint8Array(raw).buffer); // a copy starts at an even address
  const perSample = (scaleMax - scaleMin) / FULL_SCALE;
  return Float32Array.from(samples, (sample) => scaleMin + sample * perSample);
}

function rangeOf(scores: Float32Array): MapScale {
  let scaleMin = Number.POSITIVE_INFINITY;
  let scaleMax = Number.NEGATIVE_INFINITY;
  for (const score of scores) {
    if (score < scaleMin) scaleMin = score;
    if (score > scaleMax) scaleMax = score;
  }
  return { scaleMin, scaleMax };
}

function notFinite(score: number): PatchlineError {
  return new PatchlineError('PL_NUMERIC', `The score grid holds ${score}.`, {
    disposition: 'reject',
    hint: 'The frame gave the model nothing to measure, or its weights are broken: check both.',
  });
}

function unreadable(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new PatchlineError('PL_IMAGE_UNREADABLE', `Not a score map: ${reason}.`, { cause });
}
