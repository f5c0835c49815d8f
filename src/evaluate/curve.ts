/** A curve as a polyline; x ascends, and where x stands still, y ascends. */
export interface Curve {
  readonly x: Float64Array; // [n]
  readonly y: Float64Array; // [n]
}

/** Collects the corners of a curve. */
export class CurveBuilder {
  readonly #x = [0];
  readonly #y = [0];

  /** Goes straight to a point; nothing where it is there already. */
  lineTo(x: number, y: number): void {
    if (x === this.#x.at(-1) && y === this.#y.at(-1)) return;
    this.#x.push(x);
    this.#y.push(y);
  }

  get curve(): Curve {
    return { x: Float64Array.from(this.#x), y: Float64Array.from(this.#y) };
  }
}

/** The part of a curve up to x = `limit`, cut by interpolation. */
export function cutAt({ x, y }: Curve, limit: number): Curve {
  const end = x.findIndex((value) => value > limit);
  if (end < 0) return { x, y };
  const share = (limit - x[end - 1]) / (x[end] - x[end - 1]);
  const cut = { x: x.slice(0, end + 1), y: y.slice(0, end + 1) };
  cut.x[end] = limit;
  cut.y[end] = y[end - 1] + share * (y[end] - y[end - 1]);
  return cut;
}

/**
 * The curve with fewer corners, for drawing: of corners nearer to the last one kept than `least` on
 * both axes only the first and the last of all stay.
 */
export function thinned({ x, y }: Curve, least: number): Curve {
  const kept: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const last = kept.at(-1);
    const isFar = last === undefined || x[i] - x[last] >= least || y[i] - y[last] >= least;
    if (isFar || i === x.length - 1) kept.push(i);
  }
  return { x: Float64Array.from(kept, (i) => x[i]), y: Float64Array.from(kept, (i) => y[i]) };
}
