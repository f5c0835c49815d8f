import type { Pixels } from '../../frame/pixels.js';
import type { Random } from '../../random.js';
import { altered, type Box, between } from './blob.js';
import { LIGHT } from './camera.js';

interface Point {
  readonly x: number;
  readonly y: number;
  /** Half of the groove's width in pixels. */
  readonly half: number;
  /** How deep it bites here: 0..1. */
  readonly bite: number;
}

/**
 * A thin curved line of varying width and depth, 50 to 140 px long. It takes the finish off, and
 * the groove's far wall catches the light while its near wall lies in shadow (the other way round
 * for a ridge).
 */
export function scratch(pixels: Pixels, worn: Pixels, random: Random, severity: number): Pixels {
  const path = scratchPath(pixels, random, severity);
  const contrast = between(60, 90, severity) * random.pick([1, 1, -1]);
  const { width, height } = pixels;
  const groove = coverage(path, width, height);
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : groove[y * width + x];
  const [sx, sy] = [Math.sign(LIGHT.x), Math.sign(LIGHT.y)];
  return altered(pixels, boxOf(path), (x, y, value, c) => {
    const here = at(x, y);
    const bare = worn.data[3 * (y * width + x) + c];
    return value + here * (bare - value) + contrast * (here - at(x + sx, y + sy));
  });
}

/** Points half a pixel apart along a smooth bow that keeps clear of the frame's edges. */
function scratchPath(pixels: Pixels, random: Random, severity: number): Point[] {
  const length = between(60, 115, severity) * random.uniform(0.85, 1.2);
  const widest = between(0.9, 1.3, severity);
  const bend = random.uniform(-0.012, 0.012); // radians per pixel
  const phase = random.uniform(0, 2 * Math.PI);
  const chord = random.uniform(0, 2 * Math.PI);
  let angle = chord - (bend * length) / 2;
  let x = pixels.width * random.uniform(0.36, 0.64) - (Math.cos(chord) * length) / 2;
  let y = pixels.height * random.uniform(0.36, 0.64) - (Math.sin(chord) * length) / 2;
  const path: Point[] = [];
  for (let travelled = 0; travelled < length; travelled += 0.5) {
    const t = travelled / length;
    const taper = Math.sqrt(Math.sin(Math.PI * t));
    const pressure = 0.8 + 0.2 * Math.sin(17 * t + phase) * Math.sin(7 * t);
    path.push({ x, y, half: widest * taper * pressure, bite: taper * pressure });
    angle += 0.5 * bend + random.normal(0, 0.008);
    x += 0.5 * Math.cos(angle);
    y += 0.5 * Math.sin(angle);
  }
  return path;
}

/** How much of each pixel the groove covers, times its bite: [height, width] in 0..1. */
function coverage(path: readonly Point[], width: number, height: number): Float32Array {
  const covered = new Float32Array(width * height);
  for (const { x, y, half, bite } of path) {
    const reach = half + 1;
    for (let py = Math.max(0, Math.ceil(y - reach)); py <= Math.min(height - 1, y + reach); py++) {
      for (let px = Math.max(0, Math.ceil(x - reach)); px <= Math.min(width - 1, x + reach); px++) {
        const inside = Math.min(1, Math.max(0, half + 0.5 - Math.hypot(px - x, py - y)));
        const i = py * width + px;
        covered[i] = Math.max(covered[i], inside * bite);
      }
    }
  }
  return covered;
}

function boxOf(path: readonly Point[]): Box {
  const [xs, ys] = [path.map(({ x }) => x), path.map(({ y }) => y)];
  return {
    left: Math.floor(Math.min(...xs)) - 4,
    top: Math.floor(Math.min(...ys)) - 4,
    right: Math.ceil(Math.max(...xs)) + 4,
    bottom: Math.ceil(Math.max(...ys)) + 4,
  };
}
