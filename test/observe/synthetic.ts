/** Frames, outcomes and pictures as the engine would deliver them, without the engine. */
import sharp from 'sharp';
import type { Frame, Judgement, Region, Rejection, Stage } from '../../src/frame/frame.js';
import { Random } from '../../src/random.js';

export function frameOf(camera: string, id = `${camera}-1`, capturedAt = 0): Frame {
  return {
    id,
    camera,
    capturedAt,
    bytes: new Uint8Array(0),
    encoding: { kind: 'encoded' },
    origin: { topic: 'test', partition: -1, offset: '-1' },
  };
}

export function judgementOf(
  score: number,
  {
    threshold = 10,
    overlay,
    regions,
  }: Partial<Pick<Judgement, 'threshold' | 'overlay' | 'regions'>> = {},
): Judgement {
  const timings: Record<Stage, number> = {
    wait: 2,
    decode: 4,
    encode: 20,
    density: 3,
    map: 1,
    overlay: 0,
  };
  const anomalous = score > threshold;
  return {
    verdict: anomalous ? 'anomalous' : 'ok',
    score,
    threshold,
    regions: regions ?? (anomalous ? [regionOf(score)] : []),
    grid: { rows: 1, cols: 1, stride: 4, offset: 31.5, scores: Float32Array.of(score) },
    size: { width: 256, height: 256 },
    model: { id: 'c0ffee123456', name: 'brushed steel' },
    timings,
    ...(overlay && { overlay }),
  };
}

export function regionOf(peak: number): Region {
  return { x: 100, y: 80, width: 40, height: 24, areaPx: 700, peak, mean: peak / 2 };
}

export const REJECTION: Rejection = {
  verdict: 'rejected',
  code: 'PL_IMAGE_UNREADABLE',
  message: 'frame cam-1: the image is truncated',
};

/** A JPEG of a brushed surface; with a defect, a scratch under a glowing heat map. */
export async function pictureOf(
  seed: number,
  defect: boolean,
  width = 256,
  height = 256,
): Promise<Uint8Array> {
  const random = new Random(seed);
  const data = Buffer.alloc(width * height * 3);
  const [cx, cy] = [random.uniform(0.25, 0.75) * width, random.uniform(0.25, 0.75) * height];
  for (let y = 0; y < height; y++) {
    const brush = 118 + random.normal(0, 7);
    for (let x = 0; x < width; x++) {
      const grey = brush + 26 * Math.sin((x / width) * 3 + seed) + random.normal(0, 4);
      const scratch = Math.abs(y - cy - (x - cx) * 0.6) < 1.6 && Math.abs(x - cx) < width * 0.11;
      const far = Math.hypot(x - cx, (y - cy) * 1.4) / (width * 0.13);
      const heat = defect ? Math.exp(-far * far) : 0;
      const base = defect && scratch ? grey + 80 : grey;
      const i = (y * width + x) * 3;
      data[i] = clamp(base * (1 - 0.55 * heat) + 255 * 0.75 * heat);
      data[i + 1] = clamp(base * (1 - 0.55 * heat) + 150 * heat * heat);
      data[i + 2] = clamp(base * (1 - 0.8 * heat));
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 88 })
    .toBuffer();
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
