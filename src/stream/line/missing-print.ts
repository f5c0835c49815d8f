import type { Pixels } from '../../frame/pixels.js';
import type { Random } from '../../random.js';
import { altered, between, blob, smoothstep } from './blob.js';

/** Mean difference in 0..255 between a good and a worn area that people notice. */
const ENOUGH = 15;

/**
 * An area where the print is missing (elsewhere: where the finish is worn off), 10 to 26 px in
 * radius: the worn picture of the same part shows through. It lies where there is print to miss.
 */
export function missingPrint(
  pixels: Pixels,
  worn: Pixels,
  random: Random,
  severity: number,
): Pixels {
  const radius = between(11, 22, severity) * random.uniform(0.9, 1.2);
  const places = Array.from({ length: 8 }, () => {
    const x = Math.round(pixels.width * random.uniform(0.15, 0.85));
    const y = Math.round(pixels.height * random.uniform(0.15, 0.85));
    return { x, y, gain: difference(pixels, worn, x, y, Math.round(radius)) };
  });
  const { x, y } =
    places.find(({ gain }) => gain > ENOUGH) ??
    places.reduce((best, place) => (place.gain > best.gain ? place : best));
  const shape = blob(random, {
    x,
    y,
    radius,
    elongation: random.uniform(1, 2.2),
    raggedness: 0.22,
  });
  const gone = between(0.85, 1, severity);
  return altered(pixels, shape.box, (px, py, value, c) => {
    const bare = worn.data[3 * (py * worn.width + px) + c];
    return value + gone * smoothstep(0, 0.15, shape.depth(px, py)) * (bare - value);
  });
}

/** Mean absolute difference of two pictures in the square around a point: 0..255. */
function difference(a: Pixels, b: Pixels, x: number, y: number, radius: number): number {
  let [sum, count] = [0, 0];
  for (let py = Math.max(0, y - radius); py < Math.min(a.height, y + radius); py++) {
    for (let px = Math.max(0, x - radius); px < Math.min(a.width, x + radius); px++) {
      const i = 3 * (py * a.width + px);
      for (let c = 0; c < 3; c++) sum += Math.abs(a.data[i + c] - b.data[i + c]);
      count += 3;
    }
  }
  return sum / count;
}
