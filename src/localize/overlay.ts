/**
 * The anomaly map laid over the frame, for a person on the line: the frame in nearly its own
 * colours where it is quiet, a veil of yellow towards the threshold, orange to red to magenta above
 * it, a fine contour at the threshold, brackets around the regions, and the verdict as a border.
 *
 * Nothing rests on hue alone: the ramp only darkens from yellow to magenta, and an anomalous frame
 * has a striped border where a good one has a plain line.
 */
import { PatchlineError } from '../errors.js';
import type { Judgement, Region } from '../frame/frame.js';
import type { Pixels } from '../frame/pixels.js';

/** `right` and `bottom` are just outside. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

type Colour = readonly [red: number, green: number, blue: number];

const WHITE: Colour = [255, 255, 255];
const BLACK: Colour = [16, 16, 16];
const GREEN: Colour = [0, 158, 115];
const RED: Colour = [213, 30, 40];

/** Thickness of the border in lines, a line being 1 px for each 256 px of the shorter side. */
const BORDER = { ok: 2, anomalous: 4 };

/** How much of the colour of quiet pixels is taken away, so that heat is the only strong colour. */
const DESATURATION = 0.3;

/** The ramp: opacity and colour by level, where 0 is the quiet level and 1 the threshold. */
const RAMP: readonly { level: number; opacity: number; colour: Colour }[] = [
  { level: 0.5, opacity: 0, colour: [253, 231, 37] },
  { level: 1, opacity: 0.4, colour: [253, 200, 30] },
  { level: 1.15, opacity: 0.5, colour: [255, 130, 20] },
  { level: 1.6, opacity: 0.55, colour: [240, 20, 40] },
  { level: 2.5, opacity: 0.6, colour: [215, 0, 140] },
];
const TOP_LEVEL = 2.5;
const STEPS = 256;
/** [STEPS, red green blue opacity] from level 0 to TOP_LEVEL. */
const RAMP_TABLE = Float32Array.from(
  Array.from({ length: STEPS }, (_, step) => rampAt((step / (STEPS - 1)) * TOP_LEVEL)).flat(),
);

/**
 * Draws the map over the frame.
 *
 * @param pixels the frame at the size of the model's input.
 * @param map `[pixels.height, pixels.width]`
 * @param threshold the level of the contour. The ramp runs from `quiet` (nothing shown below half
 * way) to the threshold (yellow) and on to two and a half times that distance (magenta).
 * @param regions boxes to draw, in the pixels of `pixels`.
 * @param verdict decides the border: `ok` a plain green line, `anomalous` red and white stripes.
 * @param quiet a typical score of good frames. Default 0: standardised scores are 0 on average.
 * @returns new pixels of the same size.
 * @throws PatchlineError PL_STATE if the map is not of the size of the frame.
 */
export function renderOverlay(
  pixels: Pixels,
  map: Float32Array,
  threshold: number,
  regions: readonly Region[],
  verdict: Judgement['verdict'],
  quiet = 0,
): Pixels {
  const { width, height } = pixels;
  if (map.length !== width * height) {
    throw new PatchlineError(
      'PL_STATE',
      `A map of ${map.length} pixels does not fit a frame of ${width} × ${height} px.`,
    );
  }
  const canvas = { width, height, data: new Uint8Array(pixels.data.length) };
  const line = Math.max(1, Math.round(Math.min(width, height) / 256));
  drawHeat(canvas, pixels, map, quiet, threshold);
  if (verdict === 'anomalous') drawContour(canvas, map, threshold);
  for (const region of regions) drawBrackets(canvas, region, line);
  drawBorder(canvas, verdict, line);
  return canvas;
}

/** The frame, desaturated, under the colours of the map. */
function drawHeat(
  canvas: Pixels,
  frame: Pixels,
  map: Float32Array,
  quiet: number,
  threshold: number,
): void {
  // A threshold at or below the quiet level would turn the ramp around: then all above it is loud.
  const perScore = (STEPS - 1) / TOP_LEVEL / Math.max(threshold - quiet, 1e-6);
  for (let i = 0; i < map.length; i++) {
    const step = Math.max(0, Math.min(STEPS - 1, Math.round((map[i] - quiet) * perScore)));
    const opacity = RAMP_TABLE[4 * step + 3];
    const r = frame.data[3 * i];
    const g = frame.data[3 * i + 1];
    const b = frame.data[3 * i + 2];
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    const shade = 0.6 + (0.4 * grey) / 255;
    for (let c = 0; c < 3; c++) {
      const own = frame.data[3 * i + c] + DESATURATION * (grey - frame.data[3 * i + c]);
      canvas.data[3 * i + c] = own + opacity * (RAMP_TABLE[4 * step + c] * shade - own);
    }
  }
}

function rampAt(level: number): number[] {
  const upper = RAMP.findIndex((stop) => stop.level >= level);
  const to = upper < 0 ? RAMP[RAMP.length - 1] : RAMP[upper];
  const from = RAMP[Math.max(0, upper - 1)];
  const share = to.level > from.level ? (level - from.level) / (to.level - from.level) : 0;
  const blend = (a: number, b: number) => a + share * (b - a);
  return [
    ...to.colour.map((value, c) => blend(from.colour[c], value)),
    blend(from.opacity, to.opacity),
  ];
}

/** A white line on the pixels just above the threshold. */
function drawContour(canvas: Pixels, map: Float32Array, threshold: number): void {
  const { width, height } = canvas;
  const isBelow = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && map[y * width + x] <= threshold;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (isBelow(x, y)) continue;
      if (isBelow(x - 1, y) || isBelow(x + 1, y) || isBelow(x, y - 1) || isBelow(x, y + 1)) {
        paint(canvas, x, y, WHITE, 0.8);
      }
    }
  }
}

/** The four corners of a box a little larger than the region, white on a dark edge. */
function drawBrackets(canvas: Pixels, region: Region, line: number): void {
  const [left, right] = boxSpan(region.x, region.width, canvas.width, line);
  const [top, bottom] = boxSpan(region.y, region.height, canvas.height, line);
  const arm = line * 4 + Math.min(line * 12, Math.round(Math.min(right - left, bottom - top) / 6));
  const corner = (colour: Colour, opacity: number) => (x: number, y: number) => {
    if (Math.min(x - left, right - 1 - x) < arm && Math.min(y - top, bottom - 1 - y) < arm) {
      paint(canvas, x, y, colour, opacity);
    }
  };
  const edge = { left: left - line, top: top - line, right: right + line, bottom: bottom + line };
  outline(canvas, edge, line, corner(BLACK, 0.7));
  outline(canvas, { left, top, right, bottom }, line, corner(WHITE, 1));
}

/** Start and end of a box around a span of the region, clear of the border of the picture. */
function boxSpan(start: number, length: number, limit: number, line: number): [number, number] {
  const gap = 3 * line;
  const margin = BORDER.anomalous * line + line;
  const smallest = 8 * line;
  const low = Math.max(margin, Math.min(start - gap, limit - margin - smallest));
  const high = Math.min(limit - margin, start + length + gap);
  return [low, Math.max(high, low + smallest)];
}

/** A plain line of green, or diagonal stripes of red and white. */
function drawBorder(canvas: Pixels, verdict: Judgement['verdict'], line: number): void {
  const { width, height } = canvas;
  const ok = verdict === 'ok';
  const stripe = 10 * line;
  const thickness = line * (ok ? BORDER.ok : BORDER.anomalous);
  outline(canvas, { left: 0, top: 0, right: width, bottom: height }, thickness, (x, y) => {
    const striped = (x + y) % (2 * stripe) < stripe ? RED : WHITE;
    paint(canvas, x, y, ok ? GREEN : striped, 1);
  });
}

/** Calls `draw` for the pixels of a frame of `thickness` inside the box, where it is on the canvas. */
function outline(
  { width, height }: Pixels,
  { left, top, right, bottom }: Box,
  thickness: number,
  draw: (x: number, y: number) => void,
): void {
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
    const whole = y < top + thickness || y >= bottom - thickness;
    for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
      if (whole || x < left + thickness || x >= right - thickness) draw(x, y);
    }
  }
}

function paint(
  { width, data }: Pixels,
  x: number,
  y: number,
  colour: Colour,
  opacity: number,
): void {
  const at = 3 * (y * width + x);
  for (let c = 0; c < 3; c++) data[at + c] += opacity * (colour[c] - data[at + c]);
}
