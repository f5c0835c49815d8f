import type { Pixels } from '../../frame/pixels.js';
import { Random } from '../../random.js';
import { applyDefect, type Damaged, DEFECT_KINDS, type DefectKind } from './defect.js';
import { renderGood, renderWorn, type SurfaceName } from './surface.js';

export interface LineFrameRequest {
  readonly surface: SurfaceName;
  readonly seed: number;
  readonly index: number;
  /** Share of frames with a defect, 0..1. */
  readonly defectRate: number;
}

export interface LineFrame {
  readonly pixels: Pixels;
  /** What is wrong with the part; null for a good one. */
  readonly defect: DefectKind | null;
  /** 1 where the part is damaged, all 0 for a good one: [height, width]. */
  readonly mask: Uint8Array;
}

/** Frame `index` of a line: the same for the same request, whatever was drawn before. */
export function lineFrame(request: LineFrameRequest): LineFrame {
  const { surface, seed, index } = request;
  const kind = plannedDefect(request);
  if (kind !== null) {
    const { pixels, mask } = damagedFrame(surface, seed, index, kind);
    return { pixels, defect: kind, mask };
  }
  const pixels = renderGood(surface, seed, index);
  return { pixels, defect: null, mask: new Uint8Array(pixels.width * pixels.height) };
}

/** What is wrong with a frame of the line, without drawing it. */
export function plannedDefect(request: LineFrameRequest): DefectKind | null {
  const random = Random.for(request.seed, `${request.surface}/plan`, request.index);
  return random.uniform() < request.defectRate ? random.pick(DEFECT_KINDS) : null;
}

/** Part `index` with one defect of the given kind; the severity is random where none is given. */
export function damagedFrame(
  surface: SurfaceName,
  seed: number,
  index: number,
  kind: DefectKind,
  severity?: number,
): Damaged {
  const random = Random.for(seed, `${surface}/${kind}`, index);
  const part = {
    pixels: renderGood(surface, seed, index),
    worn: renderWorn(surface, seed, index),
  };
  const chosen = random.uniform();
  return applyDefect(kind, part, random, severity ?? chosen);
}
