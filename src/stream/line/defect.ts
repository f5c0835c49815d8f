import type { Pixels } from '../../frame/pixels.js';
import type { Random } from '../../random.js';
import { dent } from './dent.js';
import { missingPrint } from './missing-print.js';
import { scratch } from './scratch.js';
import { stain } from './stain.js';

export const DEFECT_KINDS = ['scratch', 'dent', 'stain', 'missing-print'] as const;
export type DefectKind = (typeof DEFECT_KINDS)[number];

/** A good part, and the same part with its finish gone: what shows where print is missing. */
interface Part {
  readonly pixels: Pixels;
  readonly worn: Pixels;
}

export interface Damaged {
  readonly kind: DefectKind;
  readonly pixels: Pixels;
  /** 1 where the part is damaged: [height, width]. */
  readonly mask: Uint8Array;
}

/** Channels that differ by less, in 0..255, look the same: the grain alone is this strong. */
const VISIBLE = 4;
/** Half the width in pixels of the gaps in visible change that an inspector would paint over. */
const BRIDGE = 3;

/**
 * Damages a copy of the part. `severity` goes from 0 (an attentive person sees it) to 1 (nobody
 * misses it).
 */
export function applyDefect(
  kind: DefectKind,
  part: Part,
  random: Random,
  severity: number,
): Damaged {
  const pixels = damage(kind, part, random, severity);
  return { kind, pixels, mask: changedMask(part.pixels, pixels) };
}

function damage(kind: DefectKind, part: Part, random: Random, severity: number): Pixels {
  switch (kind) {
    case 'scratch':
      return scratch(part.pixels, part.worn, random, severity);
    case 'dent':
      return dent(part.pixels, random, severity);
    case 'stain':
      return stain(part.pixels, random, severity);
    case 'missing-print':
      return missingPrint(part.pixels, part.worn, random, severity);
  }
}

/** Where the change is visible, with gaps of up to 2·BRIDGE pixels filled (a closing). */
function changedMask(before: Pixels, after: Pixels): Uint8Array {
  const { width, height } = before;
  const changed = new Uint8Array(width * height);
  for (let i = 0; i < 3 * width * height; i++) {
    if (Math.abs(before.data[i] - after.data[i]) >= VISIBLE) changed[Math.floor(i / 3)] = 1;
  }
  const grown = extreme(changed, width, height, 1);
  return extreme(grown, width, height, 0);
}

/** Dilation by a square (`value` 1) or erosion (`value` 0): one axis, then the other. */
function extreme(mask: Uint8Array, width: number, height: number, value: 0 | 1): Uint8Array {
  return spread(spread(mask, width, height, 1, value), width, height, width, value);
}

function spread(
  mask: Uint8Array,
  width: number,
  height: number,
  step: number,
  value: 0 | 1,
): Uint8Array {
  const out = mask.slice();
  const [lines, length] = step === 1 ? [height, width] : [width, height];
  const line = step === 1 ? width : 1;
  for (let l = 0; l < lines; l++) {
    for (let i = 0; i < length; i++) {
      if (mask[l * line + i * step] !== value) continue;
      const last = Math.min(length - 1, i + BRIDGE);
      for (let j = Math.max(0, i - BRIDGE); j <= last; j++) out[l * line + j * step] = value;
    }
  }
  return out;
}
