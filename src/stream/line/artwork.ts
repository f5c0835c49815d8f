import { SIDE } from './texture.js';

/** RGB in 0..1. */
export type Colour = readonly [number, number, number];

/** A shape as its signed distance in pixels (negative inside) and the box that it lies in. */
export interface Shape {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly distance: (x: number, y: number) => number;
}

/** A picture drawn once from shapes with smooth edges: [SIDE, SIDE, 3] in 0..1. */
export class Artwork {
  readonly rgb: Float32Array;

  constructor(background: Colour | Artwork) {
    this.rgb =
      background instanceof Artwork
        ? background.rgb.slice()
        : Float32Array.from({ length: SIDE * SIDE * 3 }, (_, i) => background[i % 3]);
  }

  /** Paints shapes in one colour; edges fade over `softness` pixels. */
  paint(colour: Colour, shapes: Shape | readonly Shape[], softness = 1): this {
    for (const shape of [shapes].flat()) this.#paintShape(colour, shape, softness);
    return this;
  }

  #paintShape(colour: Colour, shape: Shape, softness: number): void {
    const clip = (v: number) => Math.min(SIDE, Math.max(0, v));
    const [x0, x1] = [clip(Math.floor(shape.left - softness)), clip(shape.right + softness)];
    const [y0, y1] = [clip(Math.floor(shape.top - softness)), clip(shape.bottom + softness)];
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const inside = 0.5 - shape.distance(x + 0.5, y + 0.5) / softness;
        const coverage = Math.min(1, Math.max(0, inside));
        const i = 3 * (y * SIDE + x);
        for (let c = 0; c < 3; c++) this.rgb[i + c] += coverage * (colour[c] - this.rgb[i + c]);
      }
    }
  }
}

export function rect(left: number, top: number, width: number, height: number, round = 0): Shape {
  const [hx, hy] = [width / 2 - round, height / 2 - round];
  const [cx, cy] = [left + width / 2, top + height / 2];
  const distance = (x: number, y: number) => {
    const [dx, dy] = [Math.abs(x - cx) - hx, Math.abs(y - cy) - hy];
    const outside = Math.hypot(Math.max(dx, 0), Math.max(dy, 0));
    return outside + Math.min(Math.max(dx, dy), 0) - round;
  };
  return { left, top, right: left + width, bottom: top + height, distance };
}

export function disc(x: number, y: number, radius: number): Shape {
  const distance = (px: number, py: number) => Math.hypot(px - x, py - y) - radius;
  return { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius, distance };
}

export function stroke(x0: number, y0: number, x1: number, y1: number, width: number): Shape {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length2 = dx * dx + dy * dy || 1;
  const half = width / 2;
  const distance = (x: number, y: number) => {
    const t = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length2));
    return Math.hypot(x - x0 - t * dx, y - y0 - t * dy) - half;
  };
  return {
    left: Math.min(x0, x1) - half,
    top: Math.min(y0, y1) - half,
    right: Math.max(x0, x1) + half,
    bottom: Math.max(y0, y1) + half,
    distance,
  };
}
