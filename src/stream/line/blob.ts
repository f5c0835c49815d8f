import type { Pixels } from '../../frame/pixels.js';
import type { Random } from '../../random.js';
import { clampByte } from './camera.js';

/** A rectangle of pixels; `right` and `bottom` are outside. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A roundish area with an irregular outline. */
interface Blob {
  readonly box: Box;
  /** 1 in the middle, 0 on the outline, negative outside. */
  readonly depth: (x: number, y: number) => number;
}

interface BlobOptions {
  readonly x: number;
  readonly y: number;
  /** Mean radius in pixels. */
  readonly radius: number;
  /** Length by width, from 1 up. */
  readonly elongation: number;
  /** How irregular the outline is: 0 an ellipse, 0.3 a splash. */
  readonly raggedness: number;
}

/** An ellipse at a random angle whose radius wavers with seven harmonics of falling amplitude. */
export function blob(random: Random, options: BlobOptions): Blob {
  const { x: cx, y: cy, radius, elongation, raggedness } = options;
  const waves = Array.from({ length: 7 }, (_, k) => ({
    order: k + 2,
    amplitude: (raggedness * random.normal()) / (k + 2),
    phase: random.uniform(0, 2 * Math.PI),
  }));
  const tilt = random.uniform(0, Math.PI);
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  const [rx, ry] = [radius * Math.sqrt(elongation), radius / Math.sqrt(elongation)];

  const depth = (x: number, y: number) => {
    const u = (cos * (x - cx) + sin * (y - cy)) / rx;
    const v = (cos * (y - cy) - sin * (x - cx)) / ry;
    const angle = Math.atan2(v, u);
    const outline = waves.reduce(
      (r, w) => r + w.amplitude * Math.cos(w.order * angle + w.phase),
      1,
    );
    return 1 - Math.hypot(u, v) / Math.max(0.4, outline);
  };
  const reach = rx * (1 + 2 * raggedness);
  return { box: boxAround(cx, cy, reach), depth };
}

export function boxAround(x: number, y: number, reach: number): Box {
  const [left, top] = [Math.floor(x - reach), Math.floor(y - reach)];
  return { left, top, right: Math.ceil(x + reach), bottom: Math.ceil(y + reach) };
}

/** A copy of `pixels` with new values in a box: `change(x, y, value, channel) -> value`. */
export function altered(
  pixels: Pixels,
  box: Box,
  change: (x: number, y: number, value: number, channel: number) => number,
): Pixels {
  const { width, height } = pixels;
  const data = pixels.data.slice();
  for (let y = Math.max(0, box.top); y < Math.min(height, box.bottom); y++) {
    for (let x = Math.max(0, box.left); x < Math.min(width, box.right); x++) {
      const i = 3 * (y * width + x);
      for (let c = 0; c < 3; c++) data[i + c] = clampByte(change(x, y, data[i + c], c));
    }
  }
  return { width, height, data };
}

/** 0 up to `low`, 1 from `high` on, smooth in between. */
export function smoothstep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** What a number is between `low` at severity 0 and `high` at severity 1. */
export function between(low: number, high: number, severity: number): number {
  return low + (high - low) * severity;
}
