import type { Random } from '../random.js';
import type { Crop } from './crop.js';
import { jitter } from './jitter.js';
import type { JitterOptions } from './options.js';
import { type Placement, pastedExtent } from './patch.js';

/**
 * CutPaste §2.1 (and §2.2 for scars), in place: cut a patch of the crop, jitter its colours, turn
 * it, and paste it back elsewhere in the same crop.
 *
 * @param mask where the pasted pixels are marked with `label`, [side, side]; returned
 */
export function cutAndPaste(
  crop: Crop,
  placement: Placement,
  options: JitterOptions,
  random: Random,
  mask: Uint8Array = new Uint8Array(crop.side * crop.side),
  label = 1,
): Uint8Array {
  const patch = cut(crop, placement);
  jitter(patch, options, random);
  return paste(crop, patch, placement, mask, label);
}

/** A copy of the upright source rectangle, [height, width, 3]. */
function cut({ side, data }: Crop, { sourceX, sourceY, width, height }: Placement): Float32Array {
  const patch = new Float32Array(height * width * 3);
  for (let row = 0; row < height; row++) {
    const start = ((sourceY + row) * side + sourceX) * 3;
    patch.set(data.subarray(start, start + width * 3), row * width * 3);
  }
  return patch;
}

/**
 * Writes the patch where its rectangle covers the centre of a pixel. The pixel is turned back into
 * the patch and read there bilinearly; upright patches sit on whole pixels, where that is a copy.
 */
function paste(
  { side, data }: Crop,
  patch: Float32Array,
  placement: Placement,
  mask: Uint8Array,
  label: number,
): Uint8Array {
  const { width, height, angle, centreX, centreY } = placement;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const extent = pastedExtent(placement);
  const columns = covered(centreX, extent.x);
  const rows = covered(centreY, extent.y);
  for (let row = rows.first; row <= rows.last; row++) {
    for (let column = columns.first; column <= columns.last; column++) {
      const dx = column + 0.5 - centreX;
      const dy = row + 0.5 - centreY;
      const x = cos * dx + sin * dy;
      const y = cos * dy - sin * dx;
      if (Math.abs(x) > width / 2 || Math.abs(y) > height / 2) continue;
      const at = row * side + column;
      mask[at] = label;
      sample(patch, placement, x + (width - 1) / 2, y + (height - 1) / 2, data, at * 3);
    }
  }
  return mask;
}

/** The pixels whose centres lie within `extent` around `centre`. */
function covered(centre: number, extent: number): { first: number; last: number } {
  return {
    first: Math.ceil(centre - extent / 2 - 0.5),
    last: Math.floor(centre + extent / 2 - 0.5),
  };
}

/** Bilinear value of the patch at pixel position (x, y), clamped to its own pixels. */
function sample(
  patch: Float32Array,
  { width, height }: Placement,
  x: number,
  y: number,
  out: Float32Array,
  at: number,
): void {
  const cx = Math.min(Math.max(x, 0), width - 1);
  const cy = Math.min(Math.max(y, 0), height - 1);
  const left = Math.floor(cx);
  const top = Math.floor(cy);
  const fx = cx - left;
  const fy = cy - top;
  const a = (top * width + left) * 3;
  const right = fx > 0 ? 3 : 0;
  const below = fy > 0 ? width * 3 : 0;
  for (let c = 0; c < 3; c++) {
    const upper = patch[a + c] * (1 - fx) + patch[a + right + c] * fx;
    const lower = patch[a + below + c] * (1 - fx) + patch[a + below + right + c] * fx;
    out[at + c] = upper * (1 - fy) + lower * fy;
  }
}
