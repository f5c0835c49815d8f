import type { Random } from '../random.js';
import type { JitterOptions } from './options.js';

/**
 * Colour jitter as torchvision's `ColorJitter` does it, in place on RGB of 0…1 ([n, 3]): each kind
 * once, in random order, with clipping after each. For the whole crop (CutPaste §2.1, A.1) and for
 * the patch (A.2). Grey pixels stay grey: saturation and hue do not move them.
 */
export function jitter(rgb: Float32Array, options: JitterOptions, random: Random): void {
  for (const kind of random.shuffled(KINDS)) {
    const strength = options[kind];
    if (strength > 0) ADJUST[kind](rgb, random.uniform(-strength, strength));
  }
}

const KINDS = ['brightness', 'contrast', 'saturation', 'hue'] as const;

/** Adjustments by an amount of which 0 changes nothing: the factor less 1, or a share of a turn. */
const ADJUST: Readonly<Record<(typeof KINDS)[number], (rgb: Float32Array, by: number) => void>> = {
  brightness: (rgb, by) => adjustBrightness(rgb, 1 + by),
  contrast: (rgb, by) => adjustContrast(rgb, 1 + by),
  saturation: (rgb, by) => adjustSaturation(rgb, 1 + by),
  hue: adjustHue,
};

/** Towards black (`factor` < 1) or away from it. */
export function adjustBrightness(rgb: Float32Array, factor: number): void {
  for (let i = 0; i < rgb.length; i++) rgb[i] = clip(rgb[i] * factor);
}

/** Towards the mean grey of all pixels (`factor` < 1) or away from it. */
export function adjustContrast(rgb: Float32Array, factor: number): void {
  let sum = 0;
  for (let i = 0; i < rgb.length; i += 3) sum += luma(rgb, i);
  const offset = ((1 - factor) * sum * 3) / rgb.length;
  for (let i = 0; i < rgb.length; i++) rgb[i] = clip(rgb[i] * factor + offset);
}

/** Towards the grey of each pixel (`factor` < 1) or away from it. */
export function adjustSaturation(rgb: Float32Array, factor: number): void {
  for (let i = 0; i < rgb.length; i += 3) {
    const offset = (1 - factor) * luma(rgb, i);
    rgb[i] = clip(rgb[i] * factor + offset);
    rgb[i + 1] = clip(rgb[i + 1] * factor + offset);
    rgb[i + 2] = clip(rgb[i + 2] * factor + offset);
  }
}

/** Turns the hue of the HSV cone by `turns` of the whole circle. */
export function adjustHue(rgb: Float32Array, turns: number): void {
  for (let i = 0; i < rgb.length; i += 3) {
    const r = rgb[i];
    const g = rgb[i + 1];
    const b = rgb[i + 2];
    const high = Math.max(r, g, b);
    const low = Math.min(r, g, b);
    if (high === low) continue; // grey has no hue
    const hue = sextant(r, g, b, high, high - low) + 6 * turns;
    rgb[i] = channel(hue + 5, high, low);
    rgb[i + 1] = channel(hue + 3, high, low);
    rgb[i + 2] = channel(hue + 1, high, low);
  }
}

/** Hue in sixths of the circle, from −1 (magenta, on its way to red) to 5. */
function sextant(r: number, g: number, b: number, high: number, chroma: number): number {
  if (high === r) return (g - b) / chroma;
  if (high === g) return (b - r) / chroma + 2;
  return (r - g) / chroma + 4;
}

/** A channel as a function of hue: one sixth rising, two high, one falling, two low. */
function channel(hue: number, high: number, low: number): number {
  const k = hue - 6 * Math.floor(hue / 6);
  return high - (high - low) * clip(Math.min(k, 4 - k));
}

/** ITU-R BT.601, as Pillow and torchvision take it. */
function luma(rgb: Float32Array, i: number): number {
  return 0.299 * rgb[i] + 0.587 * rgb[i + 1] + 0.114 * rgb[i + 2];
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
